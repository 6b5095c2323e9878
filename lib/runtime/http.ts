import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { Problem } from '../errors.ts';
import { problemDocument } from '../http/response.ts';
import { type Invocation, runInvocation } from './invocation.ts';
import { writeLog } from './log.ts';
import { measuredBy } from './metrics.ts';
import { createSampler } from './sampler.ts';

/** ZEGO and readers have their answer within 5 s, whatever hangs; what is left is for the gateway. */
const DEADLINE_MS = 4000;

/** Anyone can send bad signatures, and a line costs more than the request. */
const badSignatures = createSampler(60);

/**
 * Makes the handler of a function behind the HTTP API: whatever `work` throws becomes a problem document, the response
 * comes by the deadline, and the log gets its line (none for a list that was answered: there are thousands a minute).
 */
export function httpHandler(
  message: 'callback' | 'list' | 'openapi',
  work: (request: APIGatewayProxyEventV2, invocation: Invocation) => Promise<APIGatewayProxyStructuredResultV2>,
) {
  return async (request: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
    const { nowMs, value, fields, durationMs } = await runInvocation(DEADLINE_MS, (invocation) =>
      work(request, invocation),
    );
    const response = value instanceof Problem ? problemDocument(value) : value;
    const isSkipped = fields.reason === 'bad-signature' && !badSignatures.admits(nowMs);
    if (fields.result !== 'ok' && !isSkipped) {
      const line = {
        message,
        request_id: request.requestContext?.requestId,
        status: response.statusCode ?? 200,
        duration_ms: durationMs,
        ...fields,
      };
      writeLog(line, measuredBy(line, message === 'callback' ? badSignatures.skipped() : 0));
    }
    return response;
  };
}
