/** Hands on what the microphone hears, and is silent itself. */
class Tap extends AudioWorkletProcessor {
  process([[channel]]) {
    if (channel) this.port.postMessage(channel.slice());
    return true;
  }
}

registerProcessor('tap', Tap);
