import { type BankTask, performBankTask } from './noise-bank-task.js';
import { serveTasks } from './worker-pool.js';

serveTasks(async (task: BankTask) => {
  const result = await performBankTask(task);
  return { result, transfer: [result.buffer] };
});
