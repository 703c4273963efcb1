/// <reference lib="dom" />
import { afterAll, beforeAll, describe, expect, jest } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import type { StreamWords } from '../../src/bitstream/words.js';
import { Vocabulary } from '../../src/words/vocabulary.js';
import { testInBrowser, useBrowser } from './browser-page.js';
import { makeClip, PACK, packetExtents } from './clips.js';
import { referenceFrames } from './reference-frames.js';
import { servePlayer, type PlayerServer } from './serve.js';

const FRAMES = 42;
const SECONDS = FRAMES / 25;

// Enough for a machine that has other things to do.
jest.setTimeout(120_000);

const browser = useBrowser();
const files = new Map<string, Uint8Array>();
let frames: string[];
let clip: Uint8Array;
let extents: { offset: number; byteLength: number }[];
let server: PlayerServer;
let page: Page;

beforeAll(async () => {
  clip = await makeClip({ golden: 'inter', laps: 6, hasSide: true });
  files.set('clip.tsr', clip);
  files.set('silent.tsr', await makeClip({ golden: 'inter', laps: 6 }));
  const vocabulary = await Vocabulary.read(await readFile('codecs/words/vocabulary.json'), 'vocabulary.json');
  const [dog, cat, animal] = ['dog', 'cat', 'animal'].map((word) => vocabulary.find(word)[0]!);
  const words: StreamWords = {
    ...{ vocabularyEdition: vocabulary.edition, vocabularyId: vocabulary.id, isFromDecoded: false },
    scenes: [
      {
        durationMs: 800,
        words: [
          { node: animal!, confidence: 100 },
          { node: dog!, confidence: 200 },
        ].sort((a, b) => a.node - b.node),
      },
      { durationMs: 880, words: [{ node: cat!, confidence: 200 }] },
    ],
  };
  files.set('words.tsr', await makeClip({ golden: 'inter', laps: 6, words }));
  const other = { ...words, vocabularyId: new Uint8Array(8) };
  files.set('other-words.tsr', await makeClip({ golden: 'inter', laps: 6, words: other }));
  frames = await referenceFrames(clip, PACK);
  extents = await packetExtents(clip);
  const cut = extents[15]!;
  files.set('cut.tsr', clip.subarray(0, cut.offset + 10));
  const damaged = clip.slice();
  const hit = extents[16]!;
  damaged[hit.offset + hit.byteLength - 8]! ^= 0x55;
  files.set('damaged.tsr', damaged);
  files.set('text.tsr', Buffer.from('This is no stream, and it is longer than a header is.'));
  server = await servePlayer(files);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe('<tessera-video>', () => {
  testInBrowser('plays with sound to the end; each picture is that of decompress at its time', async () => {
    page = await browser.open(server.origin);
    const found = await page.evaluate(async () => {
      const { open, hash, event } = await window.inPage();
      const { video, events, notices } = await open({ src: 'clip.tsr' });
      const shown: [number, Promise<string>][] = [];
      const take = (): void => {
        const frame = video.readFrame()!;
        shown.push([frame.timestamp, hash(frame)]);
      };
      take();
      video.addEventListener('frame', take);
      const ended = event(video, 'ended');
      const click = document.createElement('button');
      click.textContent = 'play';
      click.onclick = () => void video.play();
      document.body.append(click);
      click.click();
      await ended;
      const { stats, duration, currentTime, paused, textTracks, videoWidth, videoHeight, info } = video;
      const cues = Array.from(textTracks).map(({ language, cues: all, mode }) => {
        return { language, mode, cues: all?.length ?? 0 };
      });
      return {
        ...{ events, notices, duration, currentTime, paused, cues, info },
        size: [videoWidth, videoHeight],
        shown: await Promise.all(shown.map(async ([time, digest]) => [time, await digest] as const)),
        stats: { ...stats, frameBits: stats.frameBits.length },
      };
    });
    const usual = found.events.filter((name) => !['waiting', 'canplay', 'playing', 'durationchange'].includes(name));
    expect(usual).toEqual(['loadstart', 'loadedmetadata', 'loadeddata', 'play', 'pause', 'ended']);
    expect(found).toMatchObject({ duration: SECONDS, currentTime: SECONDS, paused: true, size: [96, 80] });
    expect(found.info).toMatchObject({ hasSound: true, packName: 'tiny', frameRate: 25 });
    expect(found.cues).toEqual([{ language: 'eng', mode: 'showing', cues: expect.any(Number) }]);
    expect(found.cues[0]!.cues).toBeGreaterThan(0);
    expect(found.stats).toMatchObject({ damagedFrames: 0, frameBits: FRAMES });
    // Pictures may be dropped on a busy machine, but none is wrong or comes twice.
    for (const [time, digest] of found.shown) expect({ time, digest }).toEqual({ time, digest: frames[time / 40_000] });
    expect(found.shown.at(-1)![0]).toBe(40_000 * (FRAMES - 1));
    expect(new Set(found.shown.map(([time]) => time)).size).toBe(found.shown.length);
  });

  testInBrowser('words of scenes are chapters', async () => {
    page = await browser.open(server.origin);
    const found = await page.evaluate(async () => {
      const { open } = await window.inPage();
      const { video, notices } = await open({ src: 'words.tsr' });
      const cuesOf = (track: TextTrack): VTTCue[] => Array.from(track.cues ?? []) as VTTCue[];
      const end = performance.now() + 20_000;
      while (video.textTracks.length === 0 && performance.now() < end)
        await new Promise((next) => setTimeout(next, 20));
      const tracks = Array.from(video.textTracks).map((track) => ({
        ...{ kind: track.kind, mode: track.mode },
        cues: cuesOf(track).map(({ startTime, endTime, text }) => [startTime, endTime, text]),
      }));
      const other = await open({ src: 'other-words.tsr' });
      while (other.notices.length === 0 && performance.now() < end) await new Promise((next) => setTimeout(next, 20));
      return { tracks, notices, otherNotices: other.notices.map(({ kind, message }) => [kind, message]) };
    });
    expect(found.notices).toEqual([]);
    expect(found.tracks).toEqual([
      {
        kind: 'chapters',
        mode: 'hidden',
        cues: [
          [0, 0.8, 'dog, animal'],
          [0.8, 1.68, 'cat'],
        ],
      },
    ]);
    expect(found.otherNotices).toEqual([['words', expect.stringMatching(/no chapters: .*not the vocabulary/)]]);
  });

  testInBrowser('seeks to the picture of any time, and steps by pictures', async () => {
    page = await browser.open(server.origin);
    const places = [1.5, 0.3, 0.99, SECONDS, 0.02, 0];
    const found = await page.evaluate(async (times) => {
      const { open, hash, event } = await window.inPage();
      const { video } = await open({ src: 'silent.tsr' });
      const at = async (): Promise<[number, string]> => {
        const frame = video.readFrame()!;
        return [frame.timestamp / 40_000, await hash(frame)];
      };
      const results = [];
      for (const time of times) {
        const seeked = event(video, 'seeked');
        video.currentTime = time;
        await seeked;
        results.push(await at());
      }
      for (const step of [1, 1, -1, 1, 1, 1, -1, -1, -1, -1, -1] as const) {
        await video.stepFrame(step);
        results.push(await at());
      }
      return results;
    }, places);
    const numbers = places.map((time) => Math.min(FRAMES - 1, Math.floor(25 * time + 1e-6)));
    expect(found).toEqual([...numbers, 1, 2, 1, 2, 3, 4, 3, 2, 1, 0, 0].map((number) => [number, frames[number]]));
  });

  testInBrowser('a click on the picture has a video as its target, which skins look for', async () => {
    page = await browser.open(server.origin);
    await page.evaluate(async () => {
      const { open } = await window.inPage();
      const { video } = await open({ src: 'silent.tsr' });
      video.addEventListener('click', (event) => {
        const [target] = event.composedPath();
        Object.assign(window, { clicked: (target as Element).localName });
      });
    });
    await page.click('tessera-video');
    expect(await page.evaluate(() => (window as unknown as { clicked?: string }).clicked)).toBe('video');
  });

  testInBrowser('loops without an end', async () => {
    page = await browser.open(server.origin);
    const found = await page.evaluate(async () => {
      const { open } = await window.inPage();
      const { video, events } = await open({ src: 'silent.tsr', loop: '', muted: '', autoplay: '' });
      let laps = 0;
      let before = 0;
      await new Promise<void>((resolve) => {
        video.addEventListener('frame', () => {
          const { timestamp } = video.readFrame()!;
          if (timestamp < before) laps++;
          before = timestamp;
          if (laps === 2) resolve();
        });
      });
      return { events, paused: video.paused, ended: video.ended, bits: video.stats.frameBits.length };
    });
    expect(found).toMatchObject({ paused: false, ended: false, bits: FRAMES });
    expect(found.events).not.toContain('ended');
  });

  testInBrowser('plays a live pipe while it grows, and can go back in it', async () => {
    page = await browser.open(server.origin);
    const found = await page.evaluate(async () => {
      const { player, event } = await window.inPage();
      const bytes = new Uint8Array(await (await fetch('silent.tsr')).arrayBuffer());
      let rest = (): void => undefined;
      const pipe = new ReadableStream<Uint8Array>({
        start(controller) {
          const half = bytes.length >> 1;
          controller.enqueue(bytes.slice(0, half));
          rest = () => {
            controller.enqueue(bytes.slice(half));
            controller.close();
          };
        },
      });
      const live = new player.TesseraPlayer(document.createElement('canvas'), pipe, {
        packs: '/packs/',
        postFilter: 'none',
      });
      const waiting = event(live, 'waiting');
      await event(live, 'canplay');
      const durations = [live.duration];
      await live.play();
      await waiting;
      const ended = event(live, 'ended');
      rest();
      await ended;
      durations.push(live.duration);
      const seeked = event(live, 'seeked');
      live.currentTime = 0.5;
      await seeked;
      const time = live.readFrame()!.timestamp;
      live.close();
      return { durations: durations.map(String), time };
    });
    expect(found).toEqual({ durations: ['Infinity', String(SECONDS)], time: 480_000 });
  });
});

describe('bad input', () => {
  testInBrowser('a cut file plays up to the cut and says so', async () => {
    page = await browser.open(server.origin);
    const found = await page.evaluate(async () => {
      const { open, event } = await window.inPage();
      const { video, notices } = await open({ src: 'cut.tsr', muted: '' });
      const ended = event(video, 'ended');
      await video.play();
      await ended;
      return { notices, duration: video.duration, error: video.error };
    });
    expect(found.notices).toEqual([{ kind: 'cut', message: expect.stringContaining('the stream is cut') }]);
    expect(found).toMatchObject({ error: null, duration: 15 / 25 });
  });

  testInBrowser('after a damaged packet the last picture stays until the next key frame, and is counted', async () => {
    page = await browser.open(server.origin);
    const found = await page.evaluate(async () => {
      const { player, hash, open, event } = await window.inPage();
      const frames: { digest: string; damaged: boolean }[] = [];
      for await (const frame of player.decodeFrames('damaged.tsr', { packs: '/packs/' })) {
        frames.push({ digest: await hash(frame), damaged: frame.damaged });
      }
      const { video, notices } = await open({ src: 'damaged.tsr', muted: '' });
      const ended = event(video, 'ended');
      await video.play();
      await ended;
      return { frames, notices, damaged: video.stats.damagedFrames };
    });
    expect(found.frames.map(({ digest }) => digest)).toEqual(await referenceFrames(files.get('damaged.tsr')!, PACK));
    const concealed = found.frames.filter(({ damaged }) => damaged).length;
    expect(concealed).toBeGreaterThan(0);
    // The damaged packet itself has no frame.
    expect(found.damaged).toBe(concealed + 1);
    expect(found.notices.map(({ kind }) => kind)).toContain('damage');
  });

  testInBrowser('a post-filter that browsers cannot run is told, and pictures are shown without it', async () => {
    page = await browser.open(server.origin);
    const found = await page.evaluate(async () => {
      const { open, hash, event } = await window.inPage();
      const { video, events, notices } = await open({ src: 'silent.tsr', muted: '', 'post-filter': 'lpips' });
      while (notices.length === 0) await new Promise((next) => setTimeout(next, 20));
      const seeked = event(video, 'seeked');
      video.currentTime = 0.5;
      await seeked;
      const digest = await hash(video.readFrame()!);
      // Asking for it again tells the same again, once.
      video.postFilter = 'lpips';
      await event(video, 'postfilterchange');
      const filter = (): string => video.postFilter;
      while (filter() !== 'none') await new Promise((next) => setTimeout(next, 20));
      const ended = event(video, 'ended');
      await video.play();
      await ended;
      return {
        digest,
        notices,
        filter: video.postFilter,
        changes: events.filter((name) => name === 'postfilterchange'),
      };
    });
    expect(found.notices).toEqual([
      { kind: 'filter', message: expect.stringMatching(/^there is no post-filter: .*browsers cannot run it/) },
    ]);
    expect(found).toMatchObject({ filter: 'none', digest: frames[12] });
    expect(found.changes.length).toBeGreaterThanOrEqual(3);
  });

  testInBrowser.each([
    ['a foreign file', { src: 'text.tsr' }, 4, 'not a tessera stream'],
    ['an address with nothing', { src: 'nothing.tsr' }, 4, 'status 404'],
    ['a pack that is not there', { src: 'silent.tsr', packs: '/nowhere/' }, 4, 'model pack cannot be loaded'],
    ['a server that is not there', { src: 'http://127.0.0.1:1/clip.tsr' }, 2, 'cannot be loaded'],
  ])('%s becomes the error', async (_name, attributes, code, message) => {
    page = await browser.open(server.origin);
    const found = await page.evaluate(async (given) => {
      const { open } = await window.inPage();
      const { video } = await open(given);
      const rejection = await video.play().then(
        () => null,
        (error: unknown) => (error as DOMException).name,
      );
      return { error: video.error, rejection, networkState: video.networkState };
    }, attributes);
    expect(found).toEqual({
      error: { code, message: expect.stringContaining(message) },
      rejection: 'NotSupportedError',
      networkState: 3,
    });
  });
});
