using System.Globalization;
using Flyscan.Scanning.Specs;

namespace Flyscan.Host.Composition;

/// <summary>Columns of numbers in a CSV text: a line of names, then a line per row.</summary>
/// <remarks>Names may follow a <c>#</c>. Empty lines, and lines after the names that begin with a <c>#</c>, are skipped. Memory is that of
/// the columns asked for. <b>Errors</b> <see cref="SpecException"/> with file and line.</remarks>
internal sealed class PointCsv(TextReader text, string file)
{
    private const int LongestLine = 1 << 16;

    private readonly char[] _buffer = new char[LongestLine];
    private int _begin;
    private int _end;
    private int _line;

    /// <summary>The columns of those names, each as long as there are rows.</summary>
    public double[][] Read(IReadOnlyList<string> columns, int mostRows)
    {
        var places = FindColumns(columns);
        var width = places.Max() + 1;
        var values = columns.Select(_ => new List<double>()).ToArray();
        Span<System.Range> cells = new System.Range[width + 1];
        while (TryLine(out var line))
        {
            line = line.Trim();
            if (line.IsEmpty || line[0] == '#')
                continue;
            if (values[0].Count == mostRows)
                throw Wrong($"is row {mostRows + 1}, but at most {mostRows} are read");
            var found = line.Split(cells, ',');
            for (var i = 0; i < places.Length; i++)
                values[i].Add(Number(places[i] < found ? line[cells[places[i]]] : "", columns[i]));
        }
        return values[0].Count > 0 ? [.. values.Select(v => v.ToArray())] : throw Wrong("is the end, and there was no row");
    }

    private int[] FindColumns(IReadOnlyList<string> columns)
    {
        while (TryLine(out var line))
        {
            var names = line.ToString().TrimStart('\uFEFF').Trim().TrimStart('#').Split(',', StringSplitOptions.TrimEntries).ToList();
            if (names is [""])
                continue;
            var places = columns.Select(c => names.IndexOf(c)).ToArray();
            var missing = Array.IndexOf(places, -1);
            return missing < 0
                ? places
                : throw Wrong($"names the columns {string.Join(", ", names)}, but not '{columns[missing]}'");
        }
        throw Wrong("is the end, and no line named the columns");
    }

    private double Number(ReadOnlySpan<char> cell, string column)
    {
        if (double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
            return number;
        throw Wrong($"has '{(cell.Length > 40 ? cell[..40] : cell)}' in column {column}, but needs a finite number");
    }

    private bool TryLine(out ReadOnlySpan<char> line)
    {
        _line++;
        while (true)
        {
            var rest = _buffer.AsSpan(_begin, _end - _begin);
            var length = rest.IndexOf('\n');
            if (length >= 0)
            {
                line = rest[..length];
                _begin += length + 1;
                return true;
            }
            if (rest.Length == LongestLine)
                throw Wrong($"is longer than {LongestLine} characters; is this a CSV file?");
            rest.CopyTo(_buffer);
            (_begin, _end) = (0, rest.Length);
            var more = text.Read(_buffer, _end, LongestLine - _end);
            if (more > 0)
            {
                _end += more;
                continue;
            }
            line = _buffer.AsSpan(0, _end);
            _begin = _end;
            return line.Length > 0;
        }
    }

    private SpecException Wrong(string what) => new(what, document: $"{file}:{_line}");
}
