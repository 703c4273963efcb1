// Measures words and the search by words (docs/WORDS.md). The built files in dist/ are used.
//
//   node scripts/measure-words.mjs auc MANIFEST.tsv WORD TAG[,TAG...]
//     The clips of a table with the columns `file` (relative to it) and `tag`: how well WORD tells clips with one of the
//     tags from others: area under the curve, and for some thresholds the share found of both. Only rows whose `split`,
//     if there is such a column, is train.
//   node scripts/measure-words.mjs labels PICTURES...
//     How often the network's first class of a picture stays the same after coding, by pack and quality; and how much of
//     the confidence of `animal` changes. Pictures are scaled to 320x240 first, each is a key frame.
//   node scripts/measure-words.mjs find COUNT
//     Makes COUNT small streams with words in a temporary folder, and times tessera find with an empty cache, with a full
//     one, and after a tenth of the streams has changed.
import { Buffer } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const load = (path) => import(new URL(`../dist/src/${path}`, import.meta.url).href);
const [what, ...rest] = process.argv.slice(2);
if (what === 'auc' && rest.length === 3) await measureAuc(...rest);
else if (what === 'labels' && rest.length > 0) await measureLabels(rest);
else if (what === 'find' && Number(rest[0]) >= 1) await measureFind(Number(rest[0]));
else {
  process.stderr.write('measure-words: auc MANIFEST.tsv WORD TAG[,TAG...], labels PICTURES..., or find COUNT\n');
  process.exitCode = 2;
}

async function measureAuc(manifest, word, tagList) {
  const { openVideo } = await load('video/in/media-reader.js');
  const { WordsMaker } = await load('pipeline/words/words-maker.js');
  const { loadVocabulary } = await load('pipeline/words/installed-vocabulary.js');
  const { Query } = await load('words/query.js');
  const query = Query.parse(word, await loadVocabulary());
  const [head, ...rows] = readFileSync(manifest, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split('\t'));
  const cell = (row, name) => row[head.indexOf(name)];
  const tags = new Set(tagList.split(','));
  const clips = rows.filter((row) => (cell(row, 'split') ?? 'train') === 'train');
  const scored = [];
  let bytes = 0;
  let scenes = 0;
  const { sceneBytes } = await load('bitstream/words.js');
  for (const row of clips) {
    const video = await openVideo(join(dirname(manifest), cell(row, 'file')));
    const maker = await WordsMaker.create(video.properties);
    for await (const { pts } of maker.watch(video.frames())) await maker.addPacket({ kind: 'inter', pts });
    const words = await maker.finish();
    await maker[Symbol.asyncDispose]();
    await video[Symbol.asyncDispose]();
    const score = Math.max(...words.scenes.map((scene) => query.match(scene.words, 0)?.confidence ?? 0));
    scored.push({ score, isPositive: tags.has(cell(row, 'tag')) });
    bytes += words.scenes.reduce((sum, scene) => sum + sceneBytes(scene), 0);
    scenes += words.scenes.length;
    if (scored.length % 50 === 0) process.stderr.write(`${scored.length} of ${clips.length} clips\n`);
  }
  const positive = scored.filter(({ isPositive }) => isPositive).map(({ score }) => score);
  const negative = scored.filter(({ isPositive }) => !isPositive).map(({ score }) => score);
  let wins = 0;
  for (const a of positive) for (const b of negative) wins += a > b ? 1 : a === b ? 0.5 : 0;
  const auc = wins / (positive.length * negative.length);
  process.stdout.write(
    `${word}: ${positive.length} of ${scored.length} clips have the tags, area under the curve ${auc.toFixed(4)}\n`,
  );
  for (const threshold of [0.1, 0.2, 0.3, 0.4, 0.5, 0.7]) {
    const share = (scores) => (scores.filter((score) => score >= threshold).length / scores.length).toFixed(3);
    process.stdout.write(`threshold ${threshold}: ${share(positive)} of them, ${share(negative)} of the others\n`);
  }
  process.stdout.write(`${scenes} scenes, ${(bytes / scenes).toFixed(1)} bytes each\n`);
}

async function measureLabels(paths) {
  const { openVideo } = await load('video/in/media-reader.js');
  const { FrameScaler } = await load('video/convert/frame-scaler.js');
  const { Encoder } = await load('codec/encoder.js');
  const { Decoder } = await load('codec/decoder.js');
  const { encoderHeader } = await load('pipeline/encoder-header.js');
  const { ClassifierPictures } = await load('pipeline/words/classifier-pictures.js');
  const { loadVocabulary } = await load('pipeline/words/installed-vocabulary.js');
  const { openWordsPack } = await load('model/words-pack.js');
  const { Classifier } = await load('words/classifier.js');
  const [width, height] = [320, 240];
  const vocabulary = await loadVocabulary();
  const classifier = await Classifier.create(
    await (await openWordsPack()).read('classifier'),
    vocabulary.classes.length,
  );
  const isAnimal = vocabulary.leavesBelow(vocabulary.find('animal'));
  const frames = [];
  let properties = null;
  for (const path of paths) {
    const video = await openVideo([path]);
    properties ??= { ...video.properties, width, height };
    const scaler = new FrameScaler(width, height, properties.colour.fullRange);
    for await (const frame of video.frames()) {
      frames.push({ ...(await scaler.scale(frame)), pts: BigInt(frames.length), duration: 1n });
    }
    scaler[Symbol.dispose]();
    await video[Symbol.asyncDispose]();
  }
  const pictures = new ClassifierPictures(properties);
  const classify = async (frame) => {
    const probabilities = await classifier.classify([(await pictures.of(frame))()]);
    const animal = vocabulary.classes.reduce(
      (sum, at, leaf) => sum + (isAnimal[leaf] === 1 ? probabilities[at] : 0),
      0,
    );
    return { best: probabilities.indexOf(Math.max(...probabilities)), animal };
  };
  const originals = [];
  for (const frame of frames) originals.push(await classify(frame));
  const rates = [6, 10, 14, 18].map((quality) => ['lookup-free', quality]);
  rates.push(...[10, 20, 30, 40].map((quality) => ['tessera-nano', quality]));
  for (const [pack, quality] of rates) {
    const encoder = await Encoder.create(width, height, { pack, quality, keyint: 1 });
    const header = encoderHeader(encoder, properties);
    const packets = [];
    let bytes = 0;
    for await (const packet of encoder.encode(frames)) {
      packets.push(packet);
      bytes += packet.tokens.length;
    }
    await encoder[Symbol.asyncDispose]();
    const decoder = await Decoder.create(header);
    let same = 0;
    let change = 0;
    for await (const frame of decoder.decode(packets)) {
      const { best, animal } = await classify(frame);
      const original = originals[Number(frame.pts)];
      same += Number(best === original.best);
      change += Math.abs(animal - original.animal);
    }
    await decoder[Symbol.asyncDispose]();
    const share = ((100 * same) / frames.length).toFixed(0);
    const bitsPerPixel = ((8 * bytes) / (frames.length * width * height)).toFixed(3);
    process.stdout.write(
      `${pack} ${quality}: ${bitsPerPixel} bits per pixel, first class the same in ${share} %, animal changes by ${(change / frames.length).toFixed(3)}\n`,
    );
  }
}

async function measureFind(count) {
  const { StreamReader } = await load('bitstream/stream-reader.js');
  const { StreamWriter } = await load('bitstream/stream-writer.js');
  const { memorySource } = await load('bitstream/byte-source.js');
  const { loadVocabulary } = await load('pipeline/words/installed-vocabulary.js');
  const { summarise } = await load('words/summarise.js');
  const vocabulary = await loadVocabulary();
  const folder = mkdtempSync(join(tmpdir(), 'tessera-find-'));
  try {
    const model = await StreamReader.open(memorySource(readFileSync(join(root, 'fixtures/streams/inter.tsr'))));
    const packets = [];
    for await (const section of model.sections()) if (section.kind === 'packet') packets.push(section.packet);
    let seed = 1;
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    const scenes = Array.from({ length: 200 }, () => {
      const raw = Array.from({ length: vocabulary.classes.length }, () => random() ** 12);
      raw[Math.floor(random() * raw.length)] += 20 * random();
      const sum = raw.reduce((total, value) => total + value, 0);
      return {
        durationMs: 5000,
        words: summarise(
          vocabulary,
          Float64Array.from(raw, (value) => value / sum),
          5000,
        ),
      };
    });
    const paths = [];
    for (let number = 0; number < count; number++) {
      const below = join(folder, 'streams', String(number % 100));
      if (number < 100) mkdirSync(below, { recursive: true });
      const parts = [];
      const writer = new StreamWriter({ write: async (bytes) => void parts.push(bytes) });
      await writer.writeHeader(model.header);
      for (const packet of packets) await writer.writePacket(packet);
      await writer.finish({
        vocabularyEdition: vocabulary.edition,
        vocabularyId: vocabulary.id,
        isFromDecoded: false,
        scenes: Array.from({ length: 4 }, () => scenes[Math.floor(random() * scenes.length)]),
      });
      paths.push(join(below, `${number}.tsr`));
      writeFileSync(paths[number], Buffer.concat(parts));
    }
    const find = (name) => {
      const startMs = performance.now();
      const run = spawnSync(
        process.execPath,
        [join(root, 'dist/src/cli/main.js'), 'find', 'dog', join(folder, 'streams'), '--json'],
        {
          env: { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') },
          encoding: 'utf8',
          maxBuffer: 2 ** 28,
        },
      );
      if (run.status !== 0) throw new Error(run.stderr);
      const { found } = JSON.parse(run.stdout.trim().split('\n').at(-1));
      process.stdout.write(
        `${name}: ${((performance.now() - startMs) / 1000).toFixed(2)} s, ${found} scenes in ${count} streams\n`,
      );
    };
    find('cold');
    find('warm');
    find('warm');
    const now = Date.now() / 1000;
    for (const path of paths.slice(0, count / 10)) utimesSync(path, now, now);
    find('a tenth changed');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
