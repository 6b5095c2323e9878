import { describe, expect, it } from 'vitest';
import { asProblem, Problem } from '../lib/errors.ts';
import { problemDocument } from '../lib/http/response.ts';

describe('anything thrown', () => {
  it('stays itself when it is a problem', () => {
    const problem = new Problem('bad-signature', 'x');
    expect(asProblem(problem)).toBe(problem);
  });

  it.each([new Error('MARK'), new TypeError('MARK'), 'MARK', { message: 'MARK' }, null, undefined, 42, Symbol('MARK')])(
    'becomes a 500 that tells nothing (%#)',
    (thrown) => {
      const problem = asProblem(thrown);
      expect(problem).toMatchObject({ code: 'internal-error', status: 500, reason: 'internal-error' });
      expect(JSON.stringify(problemDocument(problem))).not.toContain('MARK');
    },
  );
});
