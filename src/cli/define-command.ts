import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { runCommand, type CommandContext } from './run-command.js';

/** A command whose arguments' types follow from its options. */
export interface CommandDefinition<A extends { readonly json: boolean }> {
  /** Name and positional arguments, as yargs writes them. */
  readonly command: string;
  readonly describe: string;
  readonly builder: (yargs: Argv) => Argv<A>;
  /** Does the work and returns the exit code; errors of any kind may be thrown. */
  readonly run: (argv: ArgumentsCamelCase<A>, context: CommandContext) => Promise<number>;
}

/** Makes a yargs command that reports its own errors and sets the exit code. */
export function defineCommand<A extends { readonly json: boolean }>(
  definition: CommandDefinition<A>,
): CommandModule<object, A> {
  const { command, describe, builder, run } = definition;
  return {
    command,
    describe,
    builder,
    handler: (argv) => runCommand(argv.json, (context) => run(argv, context)),
  };
}
