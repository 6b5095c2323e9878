/** Variables of the person who runs the tests that reach them. Every other one is removed. */
const ALLOWED = new Set([
  // Programs, temporary files, and what Windows requires to start a program.
  ...['PATH', 'TMPDIR', 'TEMP', 'TMP', 'PATHEXT', 'COMSPEC', 'SYSTEMDRIVE', 'SYSTEMROOT', 'WINDIR'],
  // How vitest reports.
  ...['CI', 'GITHUB_ACTIONS', 'GITHUB_WORKSPACE', 'TERM', 'FORCE_COLOR', 'NO_COLOR'],
  // Settings of the tests themselves.
  ...['SEED', 'TEST_DYNAMODB_ENDPOINT'],
]);

/** Removes what could change the result of a test: settings of the product, of AWS, of npm, of Node, … */
export function removePersonalVariables(environment: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(environment)) {
    // Windows ignores case in names: Path, SystemRoot.
    if (!ALLOWED.has(process.platform === 'win32' ? name.toUpperCase() : name)) delete environment[name];
  }
}
