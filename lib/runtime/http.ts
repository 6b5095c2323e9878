import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { asProblem, problemDocument } from '../http/response.ts';
import type { Ids } from '../zego/event.ts';
import { withDeadline } from './deadline.ts';
import { type LogLine, problemFields, writeLog } from './log.ts';
import { measuredBy } from './metrics.ts';
import { createSampler } from './sampler.ts';

/** ZEGO and readers have their answer within 5 s, whatever hangs; what is left is for the gateway. */
const DEADLINE_MS = 4000;

type Noted = Partial<
  Pick<
    LogLine,
    'result' | 'event' | 'secret' | 'event_lag_ms' | 'callback_lag_ms' | 'store_ms' | 'conflicts' | keyof Ids
  >
>;

export interface Invocation {
  /** Our clock at the start, in ms. */
  nowMs: number;
  /** Aborts at the deadline. */
  signal: AbortSignal;
  /** Adds what is known by now to the invocation's log line. */
  note: (fields: Noted) => void;
  /** Notes how long `work` took, and how often it was told of a conflict. */
  measured: <T>(work: (onConflict: () => void) => Promise<T>) => Promise<T>;
}

type Message = 'callback' | 'list' | 'openapi';
type Work = (request: APIGatewayProxyEventV2, invocation: Invocation) => Promise<APIGatewayProxyStructuredResultV2>;

/** Anyone can send bad signatures, and a line costs more than the request. */
const badSignatures = createSampler(60);

/**
 * Makes the handler of a function behind the HTTP API: whatever `work` throws becomes a problem document, the response
 * comes by the deadline, and the log gets its line (none for a list that was answered: there are thousands a minute).
 */
export function httpHandler(message: Message, work: Work) {
  return (request: APIGatewayProxyEventV2) => invoke(message, request, work);
}

async function invoke(
  message: Message,
  request: APIGatewayProxyEventV2,
  work: Work,
): Promise<APIGatewayProxyStructuredResultV2> {
  const nowMs = Date.now();
  let fields: Noted & Pick<LogLine, 'level'> = { level: 'INFO', result: 'ok' };
  const note: Invocation['note'] = (more) => {
    fields = { ...fields, ...more };
  };
  let response: APIGatewayProxyStructuredResultV2;
  try {
    response = await withDeadline(DEADLINE_MS, async (signal) => {
      const measured: Invocation['measured'] = (asking) => {
        const startMs = Date.now();
        let conflicts = 0;
        const measure = () => note({ store_ms: Date.now() - startMs, conflicts });
        // At the deadline the line is written, and nobody waits for what comes finally.
        signal.addEventListener('abort', measure);
        return asking(() => conflicts++).finally(measure);
      };
      return work(request, { nowMs, signal, note, measured });
    });
  } catch (error) {
    const problem = asProblem(error);
    fields = { ...fields, ...problemFields(problem) };
    response = problemDocument(problem);
  }
  const isSkipped = 'reason' in fields && fields.reason === 'bad-signature' && !badSignatures.admits(nowMs);
  if (fields.result !== 'ok' && !isSkipped) {
    const line = {
      message,
      request_id: request.requestContext?.requestId,
      status: response.statusCode ?? 200,
      duration_ms: Date.now() - nowMs,
      ...fields,
    };
    writeLog(line, measuredBy(line, message === 'callback' ? badSignatures.skipped() : 0));
  }
  return response;
}
