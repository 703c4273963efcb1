#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { runProgram } from './program.js';

// V8 optimises functions after more calls than by default: compiling takes a large part of the processor time of short videos.
setFlagsFromString('--interrupt-budget=540000');

await runProgram(process.argv.slice(2));
