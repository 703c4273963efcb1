import { expect, test } from '@jest/globals';
import { parseChapters } from '../../../src/video/side/chapters.js';

const lines = [
  "Input #0, matroska,webm, from '':",
  '  Metadata:',
  '    title           : ',
  '  Chapters:',
  '',
  '  Duration: ',
  '00:00:01.00',
];

test('chapters with titles of several lines, strange values, and lines of others between', () => {
  const pieces = [
    ...lines,
    '  Chapters:',
    '    Chapter #0:0: ',
    'start 0.000000, ',
    'end 0.400000',
    '      Metadata:',
    '        title           : ',
    'One: first',
    '\n                        : ',
    'Chapter #0:1: ',
    '',
    '[libx264 @ 0x1234] frame I:1',
    '    Chapter #0:1: ',
    'start 3600.000001, ',
    'end 3601.500000',
    '  Stream #0',
    '        title           : ',
    'of a stream',
    '',
  ];
  expect(parseChapters(pieces)).toEqual([
    { start: 0, end: 400_000, tags: { title: 'One: first\nChapter #0:1: ' } },
    { start: 3_600_000_001, end: 3_601_500_000, tags: {} },
  ]);
});

test('a file without chapters', () => {
  expect(parseChapters(['  Duration: ', '  Stream #0', ''])).toEqual([]);
});
