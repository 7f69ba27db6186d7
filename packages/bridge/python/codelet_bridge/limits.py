"""What one value, one step and one line may hold. The host sends its own numbers with `open`."""


class Limits:
    depth = 100
    nodes = 1000000
    frame_bytes = 64 << 20
    output_bytes = 256 << 10
    rich_parts = 32
    rich_bytes = 16 << 20
    repr_chars = 10000
    int_digits = 100000
    digits = 1000000  # of all integers in one value: the host takes quadratic time to read them


limits = Limits()


def apply_limits(numbers):
    for name, number in numbers.items():
        if name in Limits.__dict__ and type(number) is int:
            setattr(limits, name, number)
