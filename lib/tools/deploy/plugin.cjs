// The SDK warns that it will leave Node 20 behind; the functions run on a newer one, so here that is only noise.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
// osls loads plugins with require(): this lets it load one in TypeScript, on every Node that we support.
require('tsx/cjs/api').register();
module.exports = require('./plugin.ts').default;
