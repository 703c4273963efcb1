import yargs from 'yargs';
import { benchCommand } from './commands/bench.js';
import { chunkCommand } from './commands/chunk.js';
import { compareCommand } from './commands/compare.js';
import { compressCommand } from './commands/compress.js';
import { decompressCommand } from './commands/decompress.js';
import { doctorCommand } from './commands/doctor.js';
import { farmCommand } from './commands/farm.js';
import { infoCommand } from './commands/info.js';
import { findCommand } from './commands/find.js';
import { playCommand } from './commands/play.js';
import { reportCommand } from './commands/report.js';
import { thinCommand } from './commands/thin.js';
import { tokensCommand } from './commands/tokens.js';
import { verifyCommand } from './commands/verify.js';
import { wordsCommand } from './commands/words.js';
import { Reporter } from './reporter.js';
import { report, UsageError } from './run-command.js';
import { wordsOf } from './words.js';
import { packageVersion } from './version.js';

/**
 * Runs one command line to its end and sets the exit code of the process. Reports all errors itself.
 *
 * @param words the arguments behind the program's name.
 */
export async function runProgram(words: readonly string[]): Promise<void> {
  const parser = yargs(wordsOf(words))
    .scriptName('tessera')
    .usage('$0 <command>\n\nA learned video codec. Use - for a pipe, as input or output.')
    .command(compressCommand)
    .command(farmCommand)
    .command(chunkCommand)
    .command(decompressCommand)
    .command(playCommand)
    .command(infoCommand)
    .command(verifyCommand)
    .command(thinCommand)
    .command(wordsCommand)
    .command(findCommand)
    .command(tokensCommand)
    .command(compareCommand)
    .command(benchCommand)
    .command(reportCommand)
    .command(doctorCommand)
    .example('$0 compress in.mp4 out.tsr', 'Compress a video with its sound and other tracks')
    .example('$0 decompress in.tsr out.mp4', 'Decompress it to a video')
    .example('$0 play out.tsr', 'Play it in the browser')
    .completion('completion', 'Print a script for shell completion')
    .demandCommand(1, 'name a command')
    .strict()
    .version(packageVersion())
    .help()
    .epilogue(
      'Exit codes: 0 done, 2 usage, 3 input, 4 stream, 5 model pack, 6 environment, 7 incomplete, 8 regression, 130 cancelled, 1 bug.',
    )
    .wrap(Math.min(110, process.stdout.columns || 110))
    // Commands report their own errors, so only wrong arguments come here.
    .fail(false);

  try {
    await parser.parseAsync();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.exitCode = report(new UsageError(message), new Reporter(words.includes('--json')));
  }
}
