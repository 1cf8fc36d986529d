import { serveTasks } from '../worker-pool.js';
import { type BankTask, performBankTask } from './task.js';

serveTasks(async (task: BankTask) => {
  const result = await performBankTask(task);
  return { result, transfer: [result.buffer] };
});
