import { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';

/** It gives up in time for an answer, and keeps nothing: what is kept, and how long, is up to lib/runtime/secrets.ts. */
const provider = new SSMProvider({
  clientConfig: {
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 500, requestTimeout: 1000, throwOnRequestTimeout: true },
  },
});

/**
 * What a parameter of Parameter Store holds, decrypted. A file of its own, as it needs another client of AWS's.
 * @throws Error as AWS names it: `ParameterNotFound`, `AccessDeniedException`, `TimeoutError`, …
 */
export async function readParameter(name: string): Promise<string | undefined> {
  try {
    return await provider.get(name, { decrypt: true, forceFetch: true });
  } catch (error) {
    // Around it stands a name of Powertools' own.
    throw (error as Error).cause ?? error;
  }
}
