import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { asProblem, problemDocument } from '../http/response.ts';
import { withDeadline } from './deadline.ts';
import { type LogLine, problemFields, writeLog } from './log.ts';
import { measuredBy } from './metrics.ts';

/** ZEGO and readers have their answer within 5 s, whatever hangs; what is left is for the gateway. */
const DEADLINE_MS = 4000;

type Noted = Partial<
  Pick<LogLine, 'result' | 'event' | 'secret' | 'event_lag_ms' | 'callback_lag_ms' | 'store_ms' | 'conflicts'>
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

/**
 * One invocation of a function: whatever `work` throws becomes a problem document, the answer comes by the deadline,
 * and the log gets its line (none for a list that was answered: there are thousands a minute).
 */
export async function invoke(
  message: 'callback' | 'list' | 'openapi',
  event: APIGatewayProxyEventV2,
  work: (invocation: Invocation) => Promise<APIGatewayProxyStructuredResultV2>,
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
      return work({ nowMs, signal, note, measured });
    });
  } catch (error) {
    const problem = asProblem(error);
    fields = { ...fields, ...problemFields(problem) };
    response = problemDocument(problem);
  }
  if (fields.result !== 'ok') {
    const line = {
      message,
      request_id: event.requestContext.requestId,
      status: response.statusCode ?? 200,
      duration_ms: Date.now() - nowMs,
      ...fields,
    };
    writeLog(line, measuredBy(line));
  }
  return response;
}
