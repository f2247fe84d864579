"""The counts of roofline.py and the parts of profile_samples.py, against numbers that were counted by hand."""

import unittest

from profile_samples import Frame, Profile, count
from roofline import Run, Shape, forward_flop, generation_flop, runs, training_flop

# Weights of a layer: 4 queries, 2 keys, 2 values, 4 of the output, three times 6 of the MLP: 30; of the head: 10.
SHAPE = Shape(hidden=2, intermediate=3, layers=2, queries=2, keys=1, vocabulary=5)


class Flop(unittest.TestCase):
    def test_of_three_tokens_of_which_the_last_is_read(self):
        # Weights times tokens: 3 × 30 in the first layer, 3 × 4 and 1 × 26 in the last; attention sees 1 + 2 + 3 tokens and
        # 3 tokens, twice for each of 2 channels; 10 of the head. A multiplication and an addition are two.
        self.assertEqual(forward_flop(SHAPE, [Run(0, 3, 1)]), 2 * (90 + 12 + 26 + 4 * 9 + 10))
        self.assertEqual(forward_flop(SHAPE, [Run(0, 3, 1)], everywhere=True), 2 * (180 + 4 * 12 + 10))

    def test_of_a_token_after_others(self):
        self.assertEqual(forward_flop(SHAPE, [Run(7, 1, 1)]), 2 * (60 + 4 * 16 + 10))

    def test_of_generation_count_all_tokens_but_the_last(self):
        # The prompt of 3, then 1 token after 3.
        self.assertEqual(generation_flop(SHAPE, [[1, 2, 3]], 2, "clika"), 2 * (128 + 36 + 10) + 2 * (60 + 4 * 8 + 10))

    def test_of_training(self):
        # Two tokens are run, the second predicts the answer. Forward: 2 × 34 + 26 weights, 4 × (3 + 2) of attention, 10 of
        # the head. Backward: the same without the first layer's 2 × 8 weights, and attention a second time. LoRA: in 2
        # layers, of rank 128, 2 + 2 inputs and 2 + 1 outputs, forward and twice backward.
        forward, backward = 2 * (94 + 20 + 10), 2 * (94 + 20 + 10 - 16 + 20)
        row = {"tokens": [1, 2, 3], "answer": 2}
        self.assertEqual(training_flop(SHAPE, [row], "clika"), forward + backward + 6 * 2 * 2 * 128 * 7)


class Shared(unittest.TestCase):
    prompts = [[*range(9), 20], [*range(9), 30, 31], [*range(9), 30, 32]]

    def test_nothing(self):
        self.assertEqual(runs(self.prompts, [1, 1, 1], "nothing"), [Run(0, 10, 1), Run(0, 11, 1), Run(0, 11, 1)])

    def test_the_beginning(self):
        rest = [Run(9, 1, 1), Run(9, 2, 1), Run(9, 2, 1)]
        self.assertEqual(runs(self.prompts, [1, 1, 1], "beginning"), [Run(0, 9, 0), *rest])

    def test_a_short_beginning_is_not_run_apart(self):
        self.assertEqual(runs([[1, 2], [1, 3]], [1, 1], "beginning"), [Run(0, 2, 1), Run(0, 2, 1)])

    def test_a_tree(self):
        self.assertEqual(runs(self.prompts, [1, 1, 1], "tree"), [Run(0, 10, 1), Run(9, 2, 1), Run(10, 1, 1)])


class Parts(unittest.TestCase):
    kernel = 0xFFFFFFFF81000000

    def part(self, frames, inlined=None):
        profile = Profile()
        count(profile, frames, inlined or {})
        return next(iter(profile.parts))

    def test_the_innermost_known_name_decides(self):
        frame = Frame(16, "clika_lm::decoder::kernels::product::tile", "bench_lm")
        names = ["core::ops::add", "clika_lm::exp::exp", "clika_lm::decoder::kernels::attention::one", frame.name]
        self.assertEqual(self.part([frame]), "products")
        self.assertEqual(self.part([frame], {frame: names}), "attention")

    def test_a_page_fault_is_allocation_wherever_it_happens(self):
        names = ["clear_page_erms", "handle_mm_fault", "exc_page_fault"]
        frames = [Frame(self.kernel, name, "[kernel.kallsyms]") for name in names]
        self.assertEqual(self.part([*frames, Frame(16, "gemm_f32::microkernel", "bench_lm")]), "allocation")

    def test_names_that_are_not_known_are_other(self):
        self.assertEqual(self.part([Frame(16, "main", "bench_lm")]), "other")
        self.assertEqual(self.part([Frame(self.kernel, "tick", "[kernel.kallsyms]")]), "other")


if __name__ == "__main__":
    unittest.main()
