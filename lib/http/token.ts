import { createHash, timingSafeEqual } from 'node:crypto';
import { Problem } from '../errors.ts';

/**
 * Lets a reader pass who shows one of the tokens as `Authorization: Bearer …` (RFC 6750).
 * @param tokens `public`: everybody may read
 * @throws Problem `token-required`
 */
export function requireToken(authorization: string | undefined, tokens: 'public' | readonly string[]): void {
  if (tokens === 'public') return;
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  if (given === undefined) {
    throw new Problem('token-required', 'Send a token of LIST_TOKEN as "Authorization: Bearer …".', {
      reason: 'token-missing',
    });
  }
  // Digests are of one length, as timingSafeEqual demands. Every token is tried, so that time tells nothing.
  const matches = tokens.map((token) => timingSafeEqual(sha256(given), sha256(token)));
  if (!matches.includes(true)) {
    throw new Problem('token-required', 'The token is none of LIST_TOKEN.', { reason: 'token-wrong' });
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
