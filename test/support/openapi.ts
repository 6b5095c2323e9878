import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { DOCUMENT } from '../../lib/openapi/document.ts';

// Strings and numbers are taken alike in callbacks: hence types of two.
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
// The document is no schema, but schemas are found in it by their pointers; its keys must be known for that.
ajv.addVocabulary(Object.keys(DOCUMENT)).addSchema(DOCUMENT, 'openapi');
const validators = new Map<string, ValidateFunction>();

/** The schema at a JSON pointer of the document. */
export function validator(pointer: string): ValidateFunction {
  const known = validators.get(pointer) ?? ajv.compile({ $ref: `openapi#${encodeURI(pointer)}` });
  validators.set(pointer, known);
  return known;
}

/** @throws Error that says what does not fit */
export function checkValue(pointer: string, value: unknown): void {
  const validate = validator(pointer);
  if (!validate(value)) throw new Error(`${pointer}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(value)}`);
}

export const pointerTo = (...keys: string[]) =>
  keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** What stands at a JSON pointer, and where: a $ref leads on. */
export function at(pointer: string): { pointer: string; value: unknown } {
  const keys = pointer.split('/').slice(1);
  const value = keys.reduce<unknown>(
    (node, key) => (node as Record<string, unknown> | undefined)?.[key.replaceAll('~1', '/').replaceAll('~0', '~')],
    DOCUMENT,
  );
  const { $ref } = (value ?? {}) as { $ref?: string };
  return $ref === undefined ? { pointer, value } : at($ref.slice(1));
}

/** Where an operation stands: that of `GET /streams` at `/paths/~1streams/get`. */
export function operationPointer(routeKey: string): string {
  const [method = '', path = ''] = routeKey.split(' ');
  return pointerTo('paths', path, method.toLowerCase());
}

/** Holds what a function answers to what the document says of its route. @throws Error that says what differs */
export function checkAnswer(routeKey: string, answer: APIGatewayProxyStructuredResultV2): void {
  const { statusCode = 200, headers = {}, body } = answer;
  const fail = (what: string) => {
    throw new Error(`${routeKey} ${statusCode}: ${what}: ${JSON.stringify({ headers, body })}`);
  };
  const response = at(operationPointer(routeKey) + pointerTo('responses', String(statusCode)));
  if (response.value === undefined) fail('no such status in the document');

  const documented = response.value as { headers?: object; content?: object };
  for (const name of Object.keys(documented.headers ?? {})) {
    const header = at(response.pointer + pointerTo('headers', name));
    const sent = headers[name.toLowerCase()];
    if (sent !== undefined) checkValue(`${header.pointer}/schema`, sent);
    else if ((header.value as { required?: boolean }).required) fail(`no ${name}`);
  }

  if (documented.content === undefined) {
    if (body !== undefined) fail('a body');
    return;
  }
  const type = String(headers['content-type']);
  if (!(type in documented.content)) fail(`${type} is not in the document`);
  // JSON of a status from 400 is API Gateway's own.
  if (statusCode >= 400 && type !== 'application/problem+json') fail('no problem document');
  checkValue(response.pointer + pointerTo('content', type, 'schema'), JSON.parse(body ?? ''));
}
