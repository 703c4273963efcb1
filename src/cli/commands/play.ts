import type { ByteSource } from '../../bitstream/byte-source.js';
import { CancelledError, firstLine, InputError } from '../../errors.js';
import { sharedOptions, wholeNumber } from '../arguments.js';
import { defineCommand } from '../define-command.js';
import type { CommandContext } from '../run-command.js';
import type { Served } from '../play/file-server.js';
import type { NamedPack } from '../play/player-files.js';
import { nameOf, PIPE, readStdin, writeStdout } from '../standard-streams.js';

const PORT_LIMIT = 65535;

/** `tessera play IN.tsr` */
export const playCommand = defineCommand({
  command: 'play <in>',
  describe: 'Play a .tsr file in the browser',
  builder: (yargs) =>
    yargs
      .positional('in', { type: 'string', demandOption: true, describe: '.tsr file, or - (pipe)' })
      .options({
        open: { type: 'boolean', default: true, describe: 'Open the browser; --no-open only prints the address' },
        port: { type: 'number', default: 0, requiresArg: true, describe: 'Port of the local server; 0: any free one' },
        'post-filter': {
          choices: ['lpips', 'none'] as const,
          requiresArg: true,
          describe: 'Improve pictures for the eye or not at all; default: set by the pack',
        },
        pack: sharedOptions.pack,
        json: sharedOptions.json,
      })
      .example('$0 play in.tsr', 'Play it; Ctrl-C ends the server')
      .example('$0 compress in.mp4 - | $0 play -', 'Play while it is compressed'),
  run: async ({ in: input, open, port, postFilter, pack, json }, { signal, reporter }) => {
    wholeNumber('port', port, 0, PORT_LIMIT);
    const { addressOf, findPlayerFiles } = await import('../play/player-files.js');
    const { serveFiles } = await import('../play/file-server.js');
    const { openBrowser } = await import('../play/open-browser.js');
    await using playable = await openPlayable(input, pack, { signal, reporter });
    const { stream } = playable;
    const server = await serveFiles(await findPlayerFiles(stream, playable.pack), port);
    try {
      const query = postFilter === undefined ? '' : `&post-filter=${postFilter}`;
      const url = `${server.url}?src=${encodeURIComponent(addressOf(stream))}${query}&autoplay`;
      if (json) reporter.json({ type: 'listening', url });
      else await writeStdout(`${url}\n`);
      if (open && !(await openBrowser(url))) reporter.note('no browser could be started: open the address yourself');
      if (!json) reporter.line(`${nameOf(input, 'stdin')} plays in the browser until Ctrl-C`);
      await untilAborted(signal);
      throw new CancelledError('stopped');
    } finally {
      await server.close();
    }
  },
});

/** A stream that can be played, and its pack. */
interface Playable extends AsyncDisposable {
  readonly stream: Served;
  readonly pack: NamedPack;
}

/** Finds a stream and its pack. What is missing or of another kind is an error here, not only in the page. */
async function openPlayable(
  input: string,
  packName: string | undefined,
  { signal, reporter }: CommandContext,
): Promise<Playable> {
  const { resolveInput } = await import('../../io/input.js');
  const { openFileSource } = await import('../../io/file-source.js');
  const { GrowingFile } = await import('../play/growing-file.js');
  const resolved = await resolveInput(input === PIPE ? readStdin(signal) : input, signal);
  if (typeof resolved === 'string') {
    await using source = await openFileSource(resolved);
    if (source.size === 0) throw new InputError(`${resolved} is empty`);
    return {
      stream: resolved,
      pack: await findPackOf(source, packName),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const growing = await GrowingFile.start(resolved, (error) => {
    if (!signal.aborted) reporter.note(`the pipe ends after ${growing.byteLength} bytes: ${firstLine(error)}`);
  });
  const dispose = (): Promise<void> => growing[Symbol.asyncDispose]();
  try {
    const pack = await findPackOf(growing.read(), packName);
    return { stream: growing, pack, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    const isEmpty = growing.byteLength === 0 && !signal.aborted;
    await dispose();
    throw isEmpty ? new InputError('the input pipe is empty') : error;
  }
}

async function findPackOf(
  bytes: AsyncIterable<Uint8Array> | ByteSource,
  packName: string | undefined,
): Promise<NamedPack> {
  const { StreamReader } = await import('../../bitstream/stream-reader.js');
  const { loadMatchingPack } = await import('../../model/pack.js');
  const reader = await StreamReader.open(bytes);
  await reader.close();
  const { name, family, folder } = await loadMatchingPack(packName, reader.header, 'the stream was');
  if (family !== 'transform') {
    throw new InputError(`the player lacks packs of the family ${family}, such as ${name}: use decompress`);
  }
  return { name: reader.header.packName, folder };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
