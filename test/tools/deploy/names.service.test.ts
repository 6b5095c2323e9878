import { describe, expect, inject, it } from 'vitest';
import { checkNames } from '../../../lib/tools/deploy/names.ts';

const named = (stage: string, service = inject('service').service) => {
  const { provider, ...rest } = inject('service');
  return { ...rest, service, provider: { ...provider, stage } };
};

describe('a stage', () => {
  it('of 40 characters fits, and one of 41 is refused with the limit', () => {
    expect(() => checkNames(named('a'.repeat(40)))).not.toThrow();
    const stage = 'a'.repeat(41);
    expect(() => checkNames(named(stage))).toThrow(
      new Error(
        `The stage ${stage} is too long: the name of the function zego-live-list-${stage}-callback would have 65 characters of 64 allowed, so use at most 40 characters for the stage.`,
      ),
    );
  });

  it.each([50, 100, 128])('of %i characters is refused with the same limit', (length) => {
    expect(() => checkNames(named('a'.repeat(length)))).toThrow(/ 64 allowed, so use at most 40 characters/);
  });

  it('may be longer where the service has a short name, until the stack has none left', () => {
    expect(() => checkNames(named('a'.repeat(50), 'list'))).not.toThrow();
    const { functions, ...rest } = named('a'.repeat(124), 'list');
    expect(() => checkNames({ ...rest, functions: {} })).toThrow(/name of the stack .* 129 characters of 128 allowed/);
  });
});
