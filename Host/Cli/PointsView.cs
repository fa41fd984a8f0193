using System.Globalization;
using System.Text;
using System.Text.Json;
using Flyscan.Scanning.Paths;
using Spectre.Console;

namespace Flyscan.Host.Cli;

/// <summary>Frames of a path, for people, as JSON and as CSV, in memory that does not grow with their number.</summary>
internal sealed class PointsView(ScanPath path, (long First, long Count) frames)
{
    private const int Chunk = 4096;

    public void Show(Output output)
    {
        var shape = string.Join(" × ", path.Dimensions.Select(d => d.Length));
        output.Line($"axes {string.Join(" ", path.Axes)}, shape {shape}, {path.Length} frames");
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumns([.. Columns.Select(Plain.Of)]);
        foreach (var (frame, block, i) in Rows())
            table.AddRow([.. Cells(frame, block, i).Select(Plain.Of)]);
        output.Table(table);
        var left = path.Length - frames.First - frames.Count;
        if (left > 0)
            output.Line($"{left} more frames; --start and --count choose others, --json and --csv give all.");
    }

    public void WriteCsv(TextWriter output)
    {
        output.WriteLine(string.Join(',', Columns));
        foreach (var (frame, block, i) in Rows())
            output.WriteLine(string.Join(',', Cells(frame, block, i)));
    }

    /// <summary>Writes one object on one line; each member is an array over the frames, made by a pass of its own.</summary>
    public void WriteJson(TextWriter output)
    {
        using var stream = new MemoryStream();
        using var json = new Utf8JsonWriter(stream);
        void Drain(bool always)
        {
            json.Flush();
            if (!always && stream.Length < 1 << 16)
                return;
            output.Write(Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length));
            stream.SetLength(0);
        }
        json.WriteStartObject();
        json.WriteStartArray("axes");
        foreach (var axis in path.Axes)
            json.WriteStringValue(axis);
        json.WriteEndArray();
        json.WriteStartArray("shape");
        foreach (var dimension in path.Dimensions)
            json.WriteNumberValue(dimension.Length);
        json.WriteEndArray();
        json.WriteNumber("frames", path.Length);
        WritePositions(json, "midpoints", block => block.Midpoint, Drain);
        WritePositions(json, "lower", block => block.Lower, Drain);
        WritePositions(json, "upper", block => block.Upper, Drain);
        WriteColumn(json, "gap", (block, i) => json.WriteBooleanValue(block.Gap[i]), Drain);
        if (path.HasDurations)
            WriteColumn(json, "duration", (block, i) => json.WriteNumberValue(block.DurationSeconds[i]), Drain);
        else
            json.WriteNull("duration");
        if (path.HasDelays)
            WriteColumn(json, "delay", (block, i) => json.WriteNumberValue(block.DelaySeconds[i]), Drain);
        json.WriteEndObject();
        Drain(always: true);
        output.WriteLine();
    }

    private IEnumerable<string> Columns
    {
        get
        {
            yield return "frame";
            foreach (var axis in path.Axes)
            {
                yield return axis;
                yield return $"{axis} lower";
                yield return $"{axis} upper";
            }
            yield return "gap";
            if (path.HasDurations)
                yield return "duration";
            if (path.HasDelays)
                yield return "delay";
        }
    }

    private IEnumerable<string> Cells(long frame, FrameBlock block, int i)
    {
        yield return frame.ToString(CultureInfo.InvariantCulture);
        for (var axis = 0; axis < path.Axes.Count; axis++)
        {
            yield return Number(block.Midpoint[axis][i]);
            yield return Number(block.Lower[axis][i]);
            yield return Number(block.Upper[axis][i]);
        }
        yield return block.Gap[i] ? "true" : "false";
        if (path.HasDurations)
            yield return Number(block.DurationSeconds[i]);
        if (path.HasDelays)
            yield return Number(block.DelaySeconds[i]);
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private IEnumerable<(long Frame, FrameBlock Block, int Index)> Rows()
    {
        var block = new FrameBlock(path.Axes.Count, Chunk);
        for (long done = 0; done < frames.Count; done += block.Count)
        {
            path.Read(frames.First + done, block, (int)Math.Min(Chunk, frames.Count - done));
            for (var i = 0; i < block.Count; i++)
                yield return (frames.First + done + i, block, i);
        }
    }

    private void WritePositions(Utf8JsonWriter json, string name, Func<FrameBlock, double[][]> which, Action<bool> drain)
    {
        json.WriteStartObject(name);
        for (var axis = 0; axis < path.Axes.Count; axis++)
        {
            var own = axis;
            WriteColumn(json, path.Axes[axis], (block, i) => json.WriteNumberValue(which(block)[own][i]), drain);
        }
        json.WriteEndObject();
    }

    private void WriteColumn(Utf8JsonWriter json, string name, Action<FrameBlock, int> write, Action<bool> drain)
    {
        json.WriteStartArray(name);
        foreach (var (_, block, i) in Rows())
        {
            write(block, i);
            if (i == block.Count - 1)
                drain(false);
        }
        json.WriteEndArray();
    }
}
