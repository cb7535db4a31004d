/** The color and shape of a status. A ring is a step on the way or an answer of the server, a dot is a state that stays. */
export type Look = { fill: 'red' | 'green' | 'yellow' | 'blue' | 'grey'; shape: 'ring' | 'dot' };

export const GOOD: Look = { fill: 'green', shape: 'dot' };
export const BUSY: Look = { fill: 'blue', shape: 'ring' };
export const WAITING: Look = { fill: 'yellow', shape: 'ring' };
export const IDLE: Look = { fill: 'grey', shape: 'ring' };
export const REFUSED: Look = { fill: 'red', shape: 'ring' };
export const BROKEN: Look = { fill: 'red', shape: 'dot' };
