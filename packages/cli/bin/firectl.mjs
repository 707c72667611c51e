#!/usr/bin/env node
import { startFirectl } from '../src/main.ts';

await startFirectl();
