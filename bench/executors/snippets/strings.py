lines = []
for row in range(4_000):
    cells = [f"{row:05d}", hex(row * 7919), str(row / 8), "even" if row % 2 == 0 else "odd"]
    lines.append(" | ".join(cells).upper())
text = "\n".join(lines)
answer = len(text.replace("EVEN", "E").split("O"))
