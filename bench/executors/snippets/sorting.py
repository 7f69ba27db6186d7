state = 12345
values = []
for _ in range(20_000):
    state = (state * 1103515245 + 12345) % 2**31
    values.append(state)
ordered = sorted(values, key=lambda value: (value % 97, -value))
answer = sum(position * value for position, value in enumerate(ordered)) % 1_000_003
