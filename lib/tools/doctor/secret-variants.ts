import type { DoctorOptions } from './doctor-options.ts';

/** A secret that the deployment may have instead of the one that is given. */
export interface Variant {
  secret: string;
  /** How it differs, without a part of it. */
  words: string;
  advice: string;
}

/** What commonly becomes of a secret on its way from ZEGO's console. */
export function variantsOf(given: Pick<DoctorOptions, 'secret' | 'serverSecret' | 'secretFrom'>): Variant[] {
  const { secret = '', serverSecret, secretFrom } = given;
  const variants = [
    ...ofServer(serverSecret),
    ...ofMistakenOption(secret, secretFrom),
    ...ofMistakenDeployment(secret),
  ];
  const seen = new Set(['', secret]);
  return variants.filter((variant) => !seen.has(variant.secret) && seen.add(variant.secret));
}

function ofServer(serverSecret: string | undefined): Variant[] {
  if (serverSecret === undefined) return [];
  const words = 'with the ServerSecret';
  const advice =
    "The deployment holds the ServerSecret as its CallbackSecret: set ZEGO_CALLBACK_SECRET to the CallbackSecret (both are 32 hex digits in ZEGO's console) and deploy.";
  return [{ secret: serverSecret, words, advice }];
}

/** ZEGO's secrets have no white space and no quotes. */
function ofMistakenOption(secret: string, secretFrom: string): Variant[] {
  const trimmed = secret.trim();
  const without: [string, string][] = [
    [secret.trimEnd(), 'the white space at its end'],
    [secret.trimStart(), 'the white space at its beginning'],
    [trimmed, 'the white space around it'],
    [secret.replace(/\s/g, ''), 'the white space in it'],
    [unquoted(trimmed), 'the quotes around it'],
    [unquoted(trimmed).trim(), 'quotes and white space around it'],
  ];
  const entries = secret.split(',').map((entry) => entry.trim());
  const cases: [string, string][] = [
    [trimmed.toLowerCase(), 'lower case'],
    [trimmed.toUpperCase(), 'upper case'],
  ];
  return [
    ...without.map(([variant, what]) => {
      const advice = `The deployment has the secret without ${what}, as ZEGO gives it: correct ${secretFrom}.`;
      return { secret: variant, words: `without ${what}`, advice };
    }),
    ...entries.map((variant, i) => {
      const words = `as entry ${i + 1} of a list with commas`;
      return {
        secret: variant,
        words,
        advice: `Give one secret: entry ${i + 1} of ${secretFrom} is the deployment's.`,
      };
    }),
    ...cases.map(([variant, what]) => {
      const advice = `The deployment has the secret in ${what}: one of the two differs from ZEGO's console, where case counts.`;
      return { secret: variant, words: `in ${what}`, advice };
    }),
  ];
}

function ofMistakenDeployment(secret: string): Variant[] {
  const trimmed = secret.trim();
  const added: [string, string][] = [
    [`${trimmed} `, 'a blank at its end'],
    [` ${trimmed}`, 'a blank at its beginning'],
    [`${trimmed}\n`, 'a line break at its end'],
    [`${trimmed}\r\n`, 'a line break at its end'],
    [`"${trimmed}"`, 'quotes around it'],
    [`'${trimmed}'`, 'quotes around it'],
  ];
  return added.map(([variant, what]) => {
    const advice = `The deployment has the secret with ${what}, and so refuses all that ZEGO signs: set ZEGO_CALLBACK_SECRET again and deploy.`;
    return { secret: variant, words: `with ${what}`, advice };
  });
}

function unquoted(text: string): string {
  return text.replace(/^(["'])(.*)\1$/s, '$2');
}
