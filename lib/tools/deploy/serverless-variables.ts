import { type Config, isParameter, readConfig, type VariableName } from '../../config.ts';

/**
 * What serverless.yml asks us for, since it cannot say it itself. Malformed values count as unset here: they are
 * reported when something is deployed, and only then.
 */

/** `${config:NAME}`: a variable as lib/config.ts reads it; null where it is off. */
export function configured<N extends VariableName>(name: N): Config<N>[N] {
  try {
    return readConfig([name])[name];
  } catch {
    return readConfig([name], {})[name];
  }
}

/** `${parameter:NAME}`: which parameter of Parameter Store holds a variable; empty: none, it is set itself. */
export function parameterOf(name: VariableName): string {
  const value: unknown = configured(name);
  return isParameter(value) ? value.parameter : '';
}

/** `${switch:NAME}`: whether a condition of the template holds, in the way in which a template compares. */
export function switches(): Record<string, 'true' | 'false'> {
  const conditions = {
    SecretIsParameter: parameterOf('ZEGO_CALLBACK_SECRET') !== '',
    TokenIsParameter: parameterOf('LIST_TOKEN') !== '',
    ListIsOpen: configured('LIST_TOKEN') === 'public',
    RequestsAreTraced: configured('TRACING'),
    AlarmsAreSent: configured('ALARM_EMAIL') !== '',
    SilenceIsWatched: configured('SILENCE_MINUTES') !== null,
  };
  return Object.fromEntries(Object.entries(conditions).map(([name, holds]) => [name, holds ? 'true' : 'false']));
}

/** Whether a stage and its data may be thrown away. */
export function isDisposable(stage: string): boolean {
  return /^(test|ci)/.test(stage);
}

/**
 * `${stage:NAME}`: what differs between stages. In those that are not disposable the tables outlive the stack
 * (`RetainExceptOnCreate`: unless their own creation was rolled back).
 */
export function stageSettings(stage: string): Record<string, string | boolean> {
  const disposable = isDisposable(stage);
  return {
    DeletionPolicy: disposable ? 'Delete' : 'RetainExceptOnCreate',
    UpdateReplacePolicy: disposable ? 'Delete' : 'Retain',
    DeletionProtectionEnabled: !disposable,
  };
}
