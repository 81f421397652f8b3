// Looks for a number that makes SHA-256 of `name:number` begin with so many zeros. Of several at work, each takes its share of
// the numbers. WebCrypto answers one digest at a time, forty times more slowly than what follows.
"use strict";

// The first 32 bits behind the point of the cube and square roots of the first primes.
const primes = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime)) primes.push(n);
const fraction = (root) => ((root - Math.floor(root)) * 2 ** 32) | 0;
const K = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));
const START = Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

const W = new Int32Array(64);
// One block of 16 words is mixed into the state.
const mix = (state, block) => {
  for (let t = 0; t < 16; t++) W[t] = block[t];
  for (let t = 16; t < 64; t++) {
    const x = W[t - 15], y = W[t - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    W[t] = (W[t - 16] + s0 + W[t - 7] + s1) | 0;
  }
  let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (let t = 0; t < 64; t++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + s1 + ((e & f) ^ (~e & g)) + K[t] + W[t]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d; state[4] += e; state[5] += f; state[6] += g; state[7] += h;
};

const words = (bytes) => {
  const view = new DataView(Uint8Array.from(bytes).buffer);
  return Int32Array.from({ length: bytes.length / 4 }, (_, at) => view.getInt32(at * 4));
};

// The last four digits change most often: what stands before them is mixed once.
const TAIL = 4;
const look = (head, bits) => {
  const bytes = Array.from(head, (letter) => letter.charCodeAt(0));
  const whole = bytes.length - (bytes.length % 64);
  const begun = START.slice();
  for (let at = 0; at < whole; at += 64) mix(begun, words(bytes.slice(at, at + 64)));
  const rest = [...bytes.slice(whole), ...Array(TAIL).fill(48), 128];
  while (rest.length % 64 !== 56) rest.push(0);
  const length = (bytes.length + TAIL) * 8;
  rest.push(0, 0, 0, 0, length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255);
  const end = words(rest);
  const blocks = Array.from({ length: end.length / 16 }, (_, at) => end.subarray(at * 16, at * 16 + 16));
  const places = Array.from({ length: TAIL }, (_, digit) => {
    const byte = (bytes.length % 64) + digit;
    return [byte >> 2, 24 - 8 * (byte % 4)];
  });
  const state = new Int32Array(8);
  for (let tail = 0; tail < 10 ** TAIL; tail++) {
    for (let digit = TAIL - 1, left = tail; digit >= 0; digit--, left = (left / 10) | 0) {
      const [word, shift] = places[digit];
      end[word] = (end[word] & ~(255 << shift)) | ((48 + (left % 10)) << shift);
    }
    state.set(begun);
    for (const block of blocks) mix(state, block);
    if (Math.clz32(state[0]) >= bits) return String(tail).padStart(TAIL, "0");
  }
};

onmessage = ({ data: { name, bits, first, step } }) => {
  for (let lead = first; ; lead += step) {
    const head = String(lead).padStart(TAIL, "0");
    const tail = look(`${name}:${head}`, bits);
    if (tail) return postMessage(head + tail);
  }
};
