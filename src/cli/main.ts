#!/usr/bin/env node
import { optimiseLater } from './engine.js';
import { runProgram } from './program.js';

optimiseLater();
await runProgram(process.argv.slice(2));
