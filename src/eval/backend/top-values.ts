/**
 * Moves the `count` largest values to the front, in no order, in place (Hoare's selection with medians of three: linear time on
 * average, ties included). All of them when there are no more.
 */
export function topValuesToFront(values: Float64Array, count: number): void {
  let low = 0;
  let high = values.length - 1;
  while (low < high && count > low && count <= high) {
    const pivot = medianOfThree(values[low], values[(low + high) >> 1], values[high]);
    let left = low;
    let right = high;
    while (left <= right) {
      while (values[left] > pivot) left++;
      while (values[right] < pivot) right--;
      if (left > right) break;
      const swapped = values[left];
      values[left++] = values[right];
      values[right--] = swapped;
    }
    // Now low..right >= pivot >= left..high, and what lies between equals the pivot.
    if (count <= right + 1) high = right;
    else if (count > left) low = left;
    else return;
  }
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
