import koffi from 'koffi';

const [PR_SET_PDEATHSIG, SIGKILL] = [1, 9];

/** Has the kernel end this process when the one that started it ends, however busy this one is then. Linux only. */
export function endWithParent(): void {
  if (process.platform !== 'linux') return;
  const prctl = koffi
    .load('libc.so.6')
    .func('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)');
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}
