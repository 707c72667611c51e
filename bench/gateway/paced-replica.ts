import { createServer, type RequestListener } from 'node:http';
import { extensionOf } from '../../packages/server/src/inference/testbed/test-replica.ts';

/**
 * A replica that costs almost nothing itself: each stream has `chunks` frames, one every `pauseMs` (0: as
 * fast as the reader takes them). Arguments: socket path, and a
 * port of loopback for gateways that know no sockets. The request says chunks and pause as `max_tokens`
 * and `top_k`.
 */
const [socketPath, port] = process.argv.slice(2);
const head =
  '{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":';
const frame = `data: ${head}{"content":" token"},"finish_reason":null}],"usage":null}\n\n`;
const usage = '"usage":{"prompt_tokens":7,"completion_tokens":8,"total_tokens":15}';
const last = `data: ${head}{},"finish_reason":"stop"}],${usage},"sparkler":${JSON.stringify(extensionOf('r', 7, 8))}}\n\n`;
const whole =
  '{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",' +
  `"content":"hello"},"finish_reason":"stop"}],${usage},"sparkler":${JSON.stringify(extensionOf('r', 7, 8))}}`;

const answer: RequestListener = async (incoming, response) => {
  let raw = '';
  for await (const part of incoming) raw += part;
  const { stream, max_tokens: chunks = 64, top_k: pauseMs = 0 } = JSON.parse(raw);
  if (stream !== true) {
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(whole),
    });
    response.end(whole);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'fireworks-prompt-tokens': '7' });
  response.flushHeaders();
  for (let sent = 0; sent < chunks && !response.destroyed; sent++) {
    await (pauseMs > 0 ? new Promise((resolve) => setTimeout(resolve, pauseMs)) : new Promise(setImmediate));
    if (!response.write(frame)) await new Promise((resolve) => response.once('drain', resolve));
  }
  response.end(`${last}data: [DONE]\n\n`);
};

const places = port === undefined ? [socketPath] : [socketPath, Number(port)];
let opening = places.length;
for (const place of places) {
  const server = createServer(answer);
  server.keepAliveTimeout = 60_000;
  server.listen(place, () => {
    if (--opening === 0) process.send?.({ ready: true });
  });
}
process.on('disconnect', () => process.exit());
