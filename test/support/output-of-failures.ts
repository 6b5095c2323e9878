// Powertools' logger writes to the streams of the process. vitest knows only what goes through the console, whose output
// it holds back until a test has failed.
for (const [stream, print] of [
  [process.stdout, 'log'],
  [process.stderr, 'error'],
] as const) {
  stream.write = (text: string | Uint8Array) => {
    console[print](String(text).replace(/\n$/, ''));
    return true;
  };
}
