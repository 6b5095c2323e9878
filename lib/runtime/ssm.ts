import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';

/** It gives up in time for a response: by default the SDK waits forever. */
const client = new SSMClient({
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 500, requestTimeout: 1000, throwOnRequestTimeout: true },
});

/**
 * What a parameter of Parameter Store holds, decrypted. A file of its own, as it needs another client of AWS's.
 * @throws Error as AWS names it: `ParameterNotFound`, `AccessDeniedException`, `TimeoutError`, …
 */
export async function readParameter(Name: string, abortSignal: AbortSignal): Promise<string | undefined> {
  const { Parameter } = await client.send(new GetParameterCommand({ Name, WithDecryption: true }), { abortSignal });
  return Parameter?.Value;
}
