/** ZEGO's own is not documented. */
export const TIMEOUT_MS = 10_000;

/** What came back of one request. */
export interface Answer {
  /** undefined: no answer */
  status: number | undefined;
  /** `applied`, the code of a problem, why there was no answer. */
  told: string;
  /** When the request was made, on the clock of `performance.now()`, and how long it took. */
  startMs: number;
  durationMs: number;
}

/** Sends a callback once. It never rejects: that nothing answers is an answer. */
export async function post(url: string, { type, body }: { type: string; body: string }): Promise<Answer> {
  const startMs = performance.now();
  const answered = (status: number | undefined, told: string) => {
    return { status, told, startMs, durationMs: performance.now() - startMs };
  };
  try {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const headers = { 'content-type': type };
    // Connections are kept alive by fetch itself.
    const response = await fetch(url, { method: 'POST', headers, body, signal: timeout });
    return answered(response.status, toldBy(await response.text()));
  } catch (error) {
    return answered(undefined, causeOf(error as Error));
  }
}

export function isAccepted({ status = 0 }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** `503 store-unavailable` */
export function describeAnswer({ status, told }: Answer): string {
  return status === undefined ? `no answer (${told})` : `${status} ${told}`.trim();
}

/** `applied`, or the code of a problem; of other answers nothing. */
export function toldBy(text: string): string {
  try {
    const { result, type } = JSON.parse(text) as { result?: unknown; type?: unknown };
    return String(result ?? type ?? '').replace(/^.*:/, '');
  } catch {
    return '';
  }
}

/** `ECONNREFUSED` rather than `fetch failed`. The message of an error without a cause may quote a header. */
export function causeOf(error: Error): string {
  if (error.name === 'TimeoutError') return `none within ${TIMEOUT_MS / 1000} s`;
  const { code, message } = (error.cause ?? {}) as { code?: unknown; message?: string };
  return typeof code === 'string' ? code : (message ?? 'unknown');
}
