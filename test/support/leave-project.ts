import { homedir } from 'node:os';
import { isMainThread } from 'node:worker_threads';

// Code under test looks for .env files in the current folder, where the person who runs the tests may have one. Threads
// cannot change it; only `npm run mutate` runs tests in threads, in a folder without one.
if (isMainThread) process.chdir(homedir());
