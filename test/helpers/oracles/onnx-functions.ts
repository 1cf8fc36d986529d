/** Functions of one or several elements, by ONNX's names of the operators (onnx/docs/Operators.md, opset 14). */
export const ONNX_FUNCTIONS: Record<string, (...values: number[]) => number> = {
  Abs: Math.abs,
  Acos: Math.acos,
  Acosh: Math.acosh,
  Add: (a, b) => a + b,
  And: (a, b) => Number(a && b),
  Asin: Math.asin,
  Asinh: Math.asinh,
  Atan: Math.atan,
  Atanh: Math.atanh,
  Ceil: Math.ceil,
  Clip: (x, low, high) => Math.min(Math.max(x, low), high),
  Cos: Math.cos,
  Cosh: Math.cosh,
  Equal: (a, b) => Number(a === b),
  Erf: erf,
  Exp: Math.exp,
  Floor: Math.floor,
  Greater: (a, b) => Number(a > b),
  GreaterOrEqual: (a, b) => Number(a >= b),
  Identity: (x) => x,
  Less: (a, b) => Number(a < b),
  LessOrEqual: (a, b) => Number(a <= b),
  Log: Math.log,
  Max: Math.max,
  Min: Math.min,
  Mod: (a, b) => a - b * Math.floor(a / b),
  Mul: (a, b) => a * b,
  Neg: (x) => -x,
  Not: (x) => Number(!x),
  Or: (a, b) => Number(a || b),
  Pow: (a, b) => a ** b,
  Reciprocal: (x) => 1 / x,
  Relu: (x) => Math.max(x, 0),
  // Halves go to the even neighbour.
  Round: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
  Selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  Sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  Sign: Math.sign,
  Sin: Math.sin,
  Sinh: Math.sinh,
  Softplus: (x) => Math.log1p(Math.exp(x)),
  Sqrt: Math.sqrt,
  Sub: (a, b) => a - b,
  Sum: (...values) => values.reduce((a, b) => a + b),
  Tan: Math.tan,
  Tanh: Math.tanh,
  Where: (condition, a, b) => (condition ? a : b),
};

/** 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x, by Simpson's rule. */
function erf(x: number): number {
  const steps = 400;
  let total = 0;
  for (let i = 0; i <= steps; i++) {
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    total += weight * Math.exp(-(((x * i) / steps) ** 2));
  }
  return ((2 / Math.sqrt(Math.PI)) * total * x) / steps / 3;
}
