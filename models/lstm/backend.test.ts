import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { loadTensors } from './backend.ts';

it('leaves errors that nobody catches to those who look for them', async () => {
  const listeners = () => [...process.listeners('uncaughtException'), ...process.listeners('unhandledRejection')];
  const before = listeners();
  await loadTensors('wasm');
  expect(tf.engine().registryFactory).toHaveProperty('wasm');
  expect(listeners()).toEqual(before);
});

it('leaves others on their backend, also after a failure, and no tensors behind', async () => {
  await import('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
  const tensors = await loadTensors('wasm');
  expect(tf.getBackend()).toBe('cpu');
  const before = tf.memory().numTensors;
  const sum = tensors.run(() => {
    expect(tf.getBackend()).toBe('wasm');
    return tf.sum(tf.tensor1d([1, 2, 3])).dataSync()[0];
  });
  expect(sum).toBe(6);
  expect(() =>
    tensors.run(() => {
      tf.tensor1d([1]);
      throw new Error('in the middle');
    }),
  ).toThrow('in the middle');
  expect(tf.getBackend()).toBe('cpu');
  expect(tf.memory().numTensors).toBe(before);
  expect(tf.add(1, 2).dataSync()[0]).toBe(3);
});

it('finds one where none is asked for', async () => {
  const tensors = await loadTensors(null);
  expect(['tensorflow', 'wasm']).toContain(tensors.name);
  expect(tensors.run(() => tf.mul(3, 4).dataSync()[0])).toBe(12);
});
