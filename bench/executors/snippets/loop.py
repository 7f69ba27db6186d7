total = 0
for number in range(100_000):
    if number % 3 == 0:
        total += number * 2
    else:
        total -= number // 5
answer = total
