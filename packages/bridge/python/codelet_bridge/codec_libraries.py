"""Values of libraries that may or may not be there: datetime, decimal, numpy, pandas, PIL. Nothing is imported to encode a value."""
import sys

loaded_modules = sys.modules
"""Also when code has bound that name to something else."""
missing_value = object()
"""What a rule returns for a library's word for "no value": it is encoded as null."""
_TOO_FINE = ("ns", "ps", "fs", "as")  # units whose dates and durations numpy would give as bare numbers


class Media:
    """An image, a sound or another file with its media type: what a tool sent, where PIL can't open it."""

    __slots__ = ("media_type", "data")

    def __init__(self, media_type, data):
        self.media_type = media_type
        self.data = data

    def __repr__(self):
        return "Media(%r, %d bytes)" % (self.media_type, len(self.data))


def _class_of(module, name):
    """The library's class, if the library is loaded and wasn't replaced by something else."""
    found = getattr(loaded_modules.get(module), name, None)
    return found if isinstance(found, type) else ()


def _time_value(encoder, value, kind):
    import _datetime as datetime

    if issubclass(kind, datetime.datetime):
        return {"$type": "datetime", "value": str.__str__(datetime.datetime.isoformat(value))}
    if issubclass(kind, datetime.date):
        return {"$type": "date", "value": datetime.date.isoformat(value)}
    if issubclass(kind, datetime.time):
        return {"$type": "time", "value": datetime.time.isoformat(value)}
    if issubclass(kind, datetime.timedelta):
        encoder.nodes += 1  # six parts of JSON; the host's scan of the text allows five a node
        if kind is not _class_of("pandas", "Timedelta"):  # whose base holds zeros
            value = datetime.timedelta.__pos__(value)
        return {"$type": "timedelta", "value": [value.days, value.seconds, value.microseconds]}
    return None


def _numpy_value(encoder, value, kind, depth):
    numpy = loaded_modules["numpy"]
    if issubclass(kind, _class_of("numpy.ma", "MaskedArray")):
        return _or_missing(encoder.encode(numpy.ma.MaskedArray.tolist(value), depth))
    if issubclass(kind, (numpy.datetime64, numpy.timedelta64)):
        moment = _microseconds(numpy, value).item()
        return None if type(moment) is int else _or_missing(encoder.encode(moment, depth))
    if issubclass(kind, numpy.ndarray):
        value = numpy.ndarray.view(value, numpy.ndarray)  # a subclass may say what it likes
        dtype = value.dtype
        if dtype.kind in "mM":
            return _or_missing(encoder.encode(_moments(numpy, value), depth))
        if dtype.kind not in "biuf" or dtype.itemsize > 8:
            return _or_missing(encoder.encode(value.tolist(), depth))
        if dtype.kind == "f" and dtype.itemsize == 2:
            value = value.astype(numpy.float32)
        elif dtype.byteorder == ">" or (dtype.byteorder == "=" and sys.byteorder == "big"):
            value = value.astype(dtype.newbyteorder("<"))
        data = numpy.ascontiguousarray(value)
        shape = [int(length) for length in value.shape]
        encoder.nodes += 1 + len(shape) // 4  # as for a timedelta
        return {"$type": "ndarray", "dtype": str(value.dtype.name), "shape": shape, "value": encoder.base64(data.tobytes())}
    if issubclass(kind, numpy.generic):
        item = value.item()
        return None if isinstance(item, numpy.generic) or type(item) is complex else encoder.encode(item, depth)
    return None


def _moments(numpy, array):
    """Dates and durations as lists; what Python has none for, such as the year 10000 or a month, stays numpy's."""
    moments = _microseconds(numpy, array).ravel().tolist()
    if not any(type(one) is int for one in moments):
        return _microseconds(numpy, array).tolist()
    return _nested([own if type(one) is int else one for one, own in zip(moments, array.ravel())], array.shape)


def _microseconds(numpy, value):
    if numpy.datetime_data(value.dtype)[0] not in _TOO_FINE:
        return value
    return value.astype(value.dtype.kind + "8[us]")


def _or_missing(encoded):
    return missing_value if encoded is None else encoded


def _column(encoder, values, depth):
    pandas = loaded_modules["pandas"]
    nat, na = pandas.NaT, pandas.NA
    return [encoder.encode(None if item is nat or item is na else item, depth) for item in values.tolist()]


def _frame_of(encoder, frame, depth):
    encoder.nodes += 2  # as for a timedelta
    columns = []
    for position in range(len(frame.columns)):
        column = frame.iloc[:, position]
        label, dtype, *categories = _level(encoder, frame.columns[position], column.dtype, depth)
        columns.append([label, dtype, _column(encoder, column, depth), *categories])
    levels = [_levels(encoder, frame.index, depth), _levels(encoder, frame.columns, depth)]
    return {"$type": "frame", "columns": columns, "index": _column(encoder, frame.index, depth), "levels": levels}


def _levels(encoder, labels, depth):
    pandas = loaded_modules["pandas"]
    levels = labels.levels if isinstance(labels, pandas.MultiIndex) else [labels]
    return [_level(encoder, name, level.dtype, depth) for name, level in zip(labels.names, levels)]


def _level(encoder, name, dtype, depth):
    """The name of a column or of a level of labels, its type, and of categories all that there are, in their order."""
    pandas = loaded_modules["pandas"]
    encoder.nodes += 1
    level = [encoder.encode(name, depth), str(dtype)]
    if isinstance(dtype, pandas.CategoricalDtype) and dtype.categories is not None:
        encoder.nodes += 1
        level.append([bool(dtype.ordered), _column(encoder, dtype.categories, depth)])
    return level


def _is_missing(value):
    pandas = loaded_modules["pandas"]
    return value is getattr(pandas, "NaT", missing_value) or value is getattr(pandas, "NA", missing_value)


def _pandas_value(encoder, value, kind, depth):
    pandas = loaded_modules["pandas"]
    if issubclass(kind, pandas.DataFrame):
        return _frame_of(encoder, value, depth + 1)
    if issubclass(kind, pandas.Period):  # in a table, its type says what the text is
        return str(value)
    if issubclass(kind, (pandas.Series, pandas.Index)):
        return _column(encoder, value, depth + 1)
    if issubclass(kind, pandas.api.extensions.ExtensionArray):  # what unique() gives of texts, categories and nullable numbers
        return _column(encoder, pandas.Series(value), depth + 1)
    return None


def is_image(kind):
    return issubclass(kind, _class_of("PIL.Image", "Image"))


def png_of_image(image):
    from io import BytesIO

    target = BytesIO()
    try:
        image.save(target, format="PNG")
    except OSError:  # a mode that PNG hasn't, such as CMYK
        image.convert("RGBA" if image.mode[-1] in "Aa" else "RGB").save(target, format="PNG")
    return target.getvalue()


def encode_library_value(encoder, value, kind, depth):
    """Tagged JSON, or None for what no rule knows. A library that fails on its own value makes it opaque."""
    from .codec_encode import Unencodable

    try:
        if "pandas" in loaded_modules and _is_missing(value):  # before dates: NaT is a datetime of the year 1
            return missing_value
        if "_datetime" in loaded_modules:
            encoded = _time_value(encoder, value, kind)
            if encoded is not None:
                return encoded
        if kind is Media:
            return {"$type": "media", "mediaType": str(value.media_type), "value": encoder.base64(value.data)}
        decimal = _class_of("_decimal", "Decimal")
        if issubclass(kind, decimal):
            return {"$type": "decimal", "value": str.__str__(decimal.__str__(value))}
        if "numpy" in loaded_modules:
            encoded = _numpy_value(encoder, value, kind, depth)
            if encoded is not None:
                return encoded
        if "pandas" in loaded_modules:
            encoded = _pandas_value(encoder, value, kind, depth)
            if encoded is not None:
                return encoded
        if is_image(kind):
            return {"$type": "media", "mediaType": "image/png", "value": encoder.base64(png_of_image(value))}
    except (Unencodable, RecursionError):
        raise
    except Exception:
        return None
    return None


def decode_array(dtype, shape, data):
    try:
        import numpy

        return numpy.frombuffer(data, dtype=numpy.dtype(dtype).newbyteorder("<")).astype(dtype).reshape(shape)
    except ImportError:
        return _nested(memoryview(data).cast(_FORMATS[dtype]).tolist(), shape)


_FORMATS = {
    "bool": "?", "int8": "b", "int16": "h", "int32": "i", "int64": "q", "uint8": "B", "uint16": "H", "uint32": "I", "uint64": "Q",
    "float32": "f", "float64": "d",
}  # fmt: skip


def _nested(flat, shape):
    if not shape:
        return flat[0]
    for length in reversed(shape[1:]):
        flat = [flat[start : start + length] for start in range(0, len(flat), length)] if length else []
    return flat


def decode_frame(columns, index, levels):
    """A DataFrame, or a list of row dicts where pandas is missing."""
    try:
        import pandas
    except ImportError:
        return [{name: values[row] for name, _, values, *_ in columns} for row in range(len(index))]
    series = [_series(pandas, values, dtype, *categories) for _, dtype, values, *categories in columns]
    frame = pandas.concat(series, axis=1) if series else pandas.DataFrame(index=range(len(index)))
    frame.index = _labels(pandas, index, levels[0])
    frame.columns = _labels(pandas, [column[0] for column in columns], levels[1])
    return frame


def _series(pandas, values, dtype, categories=None):
    try:
        if categories is not None:
            dtype = pandas.CategoricalDtype(categories[1], categories[0])
        has_zone = categories is None and dtype.startswith("datetime64[") and "," in dtype  # its offsets change in the year
        return pandas.Series(pandas.to_datetime(values, utc=True) if has_zone else values, index=range(len(values)), dtype=dtype)
    except Exception:
        return pandas.Series(values, index=range(len(values)))


def _labels(pandas, labels, levels):
    """Without levels, as hosts may make tables, tuples of one length are the levels of a MultiIndex."""
    if not levels:
        return pandas.Index(labels, tupleize_cols=len({len(label) if type(label) is tuple else 0 for label in labels}) == 1)
    if len(levels) == 1 and not all(type(label) is tuple and len(label) == 1 for label in labels or [None]):
        return pandas.Index(_series(pandas, labels, *levels[0][1:]), name=levels[0][0])
    parts = [[label[position] for label in labels] for position in range(len(levels))]
    arrays = [_series(pandas, values, *kind) for values, (_, *kind) in zip(parts, levels)]
    return pandas.MultiIndex.from_arrays(arrays, names=[level[0] for level in levels])


def decode_media(media_type, data):
    if media_type.startswith("image/"):
        try:
            from io import BytesIO

            import PIL.Image

            return PIL.Image.open(BytesIO(data))
        except Exception:
            pass
    return Media(media_type, data)
