/** A process that takes the lock at `PATH` if it can, and prints what it got. */
import { takeLock } from '../../src/storage/lock.ts';

const [path = ''] = process.argv.slice(2);
const result = await takeLock(path, 1);
process.stdout.write(result.kind);
if (result.kind === 'taken') await result.lock.release();
