import { CancelledError, InputError } from '../../errors.js';
import { sharedOptions, wholeNumber } from '../arguments.js';
import { defineCommand } from '../define-command.js';
import { PIPE, writeStdout } from '../standard-streams.js';

const PORT_LIMIT = 65535;

/** `tessera play IN.tsr` */
export const playCommand = defineCommand({
  command: 'play <in>',
  describe: 'Play a .tsr file in the browser',
  builder: (yargs) =>
    yargs
      .positional('in', { type: 'string', demandOption: true, describe: '.tsr file' })
      .options({
        open: { type: 'boolean', default: true, describe: 'Open the browser; --no-open only prints the address' },
        port: { type: 'number', default: 0, requiresArg: true, describe: 'Port of the local server; 0: any free one' },
        'post-filter': {
          choices: ['lpips', 'none'] as const,
          requiresArg: true,
          describe: 'Improve pictures for the eye or not at all; default: set by the pack',
        },
        json: sharedOptions.json,
      })
      .example('$0 play in.tsr', 'Play it; Ctrl-C ends the server'),
  run: async ({ in: input, open, port, postFilter, json }, { signal, reporter }) => {
    wholeNumber('port', port, 0, PORT_LIMIT);
    const { addressOf, findPlayerFiles } = await import('../play/player-files.js');
    const { serveFiles } = await import('../play/file-server.js');
    const { openBrowser } = await import('../play/open-browser.js');
    const stream = await checkStream(input);
    const server = await serveFiles(await findPlayerFiles(stream), port);
    try {
      const query = postFilter === undefined ? '' : `&post-filter=${postFilter}`;
      const url = `${server.url}?src=${encodeURIComponent(addressOf(stream))}${query}`;
      if (json) reporter.json({ type: 'listening', url });
      else await writeStdout(`${url}\n`);
      if (open && !(await openBrowser(url))) reporter.note('no browser could be started: open the address yourself');
      if (!json) reporter.line(`${input} plays in the browser until Ctrl-C`);
      await untilAborted(signal);
      throw new CancelledError('stopped');
    } finally {
      await server.close();
    }
  },
});

/** Returns the path of a stream. A file that is missing or no stream is an error here, not only in the page. */
async function checkStream(input: string): Promise<string> {
  const { resolveInput } = await import('../../io/input.js');
  const { openFileSource } = await import('../../io/file-source.js');
  const { StreamReader } = await import('../../bitstream/stream-reader.js');
  const path = input === PIPE ? null : await resolveInput(input);
  if (typeof path !== 'string') throw new InputError('play takes a file, not a pipe: save the stream to a file first');
  await using source = await openFileSource(path);
  if (source.size === 0) throw new InputError(`${path} is empty`);
  await (await StreamReader.open(source)).close();
  return path;
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
