#!/usr/bin/env node
import { runFirectl } from '../src/main.ts';
import { createProcessStreams } from '../src/streams.ts';

const controller = new AbortController();
process.once('SIGINT', () => controller.abort(new Error('interrupted')));
process.exitCode = await runFirectl(
  process.argv.slice(2),
  createProcessStreams(),
  process.env,
  controller.signal,
);
