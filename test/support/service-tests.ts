/** Tests that inject what setup.ts provides, without saying so in their names. */
export const UNNAMED = [
  'test/tools/doctor/doctor.test.ts',
  'test/tools/doctor/examination.test.ts',
  'test/tools/simulator/simulate.test.ts',
];

/** Tests that need serverless.yml resolved (`service`), or a DynamoDB engine, too (`engine`). */
export const SERVICE_TESTS = ['test/**/*.{engine,service}.test.ts', ...UNNAMED];
