// `npm run demo`: the framework's own command, without a `.env`, and without what the shell sets for AWS. Settings to
// deploy with must neither change the demo nor keep it from starting.
'use strict';

// The framework reads a `.env` before it loads our plugin, and tells nobody what came from it.
const loader = require.resolve('serverless/lib/cli/load-dotenv.js');
require.cache[loader] = { id: loader, filename: loader, loaded: true, exports: () => {} };

if (process.env.AWS_ENDPOINT_URL_DYNAMODB === undefined) {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
}
process.argv.splice(2, Infinity, 'demo');
require('serverless/bin/serverless.js');
