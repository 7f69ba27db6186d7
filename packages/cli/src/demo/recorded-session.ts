/**
 * What the model says in the recorded session, turn by turn: text and programs, no results. The programs compute whatever the data holds.
 * The second one goes wrong over gaps in the data; the third sees why, and mends it.
 */
export const recordedSession: readonly string[] = [
  `Thought: I don't know yet what the records look like, so I print two of them before I compute with them.
<code>
genres = list_genres()
print(len(genres), "genres:", ", ".join(genres))
for film in films_of_genre(genre=genres[0])[:2]:
    print(film)
</code>`,

  `Thought: Every film has a budget and a worldwide gross. I fetch all genres in a loop, add both up, and divide.
<code>
films = {}
for genre in genres:
    films[genre] = films_of_genre(genre=genre)
    budget = sum(film["budget"] for film in films[genre])
    gross = sum(film["worldwide_gross"] for film in films[genre])
    print(f"{genre}: {gross / budget:.2f}")
</code>`,

  `Thought: For some films the budget or the gross isn't known; it is None. I leave those films out, as the task says. The genres that I have fetched already are still in \`films\`.
<code>
known = {}
for genre in genres:
    if genre not in films:
        films[genre] = films_of_genre(genre=genre)
    known[genre] = [f for f in films[genre] if f["budget"] is not None and f["worldwide_gross"] is not None]

earned = {}
for genre, list_of_films in known.items():
    if len(list_of_films) >= 50:
        earned[genre] = sum(f["worldwide_gross"] for f in list_of_films) / sum(f["budget"] for f in list_of_films)

for genre in sorted(earned, key=earned.get, reverse=True):
    gaps = len(films[genre]) - len(known[genre])
    print(f"{earned[genre]:.3f}  {genre} ({len(known[genre])} films, {gaps} left out)")
</code>`,

  `Thought: The first genre of the list is the one. Ratings may be missing as well, so I look at rated films only.
<code>
genre = max(earned, key=earned.get)
rated = [f for f in films[genre] if f["imdb_rating"] is not None]
best = max(rated, key=lambda f: f["imdb_rating"])
final_answer({
    "genre": genre,
    "films": len(known[genre]),
    "earned_per_dollar": round(earned[genre], 3),
    "best_film": str(best["title"]),
    "best_rating": best["imdb_rating"],
})
</code>`,
];
