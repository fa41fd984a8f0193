using System.Buffers.Binary;
using System.Text;
using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>A data stream as text, so that whole results compare.</summary>
internal sealed class StreamText : IPandADataSink
{
    private readonly StringBuilder _text = new();
    private readonly MemoryStream _data = new();

    public string Text => $"{_text}{Convert.ToHexString(_data.ToArray())}{string.Join(';', Faults)}";

    public PandADataHeader? Last { get; private set; }

    public long Count { get; private set; }

    public List<PandAEnd> Ends { get; } = [];

    public List<string> Faults { get; } = [];

    public void Accepted() => _text.AppendLine("accepted");

    public void Header(PandADataHeader header)
    {
        Last = header;
        _text.AppendLine($"header {header}");
    }

    public void Samples(ReadOnlySpan<byte> samples, int count)
    {
        Xunit.Assert.Equal(count * Last!.SampleBytes, samples.Length);
        _data.Write(samples);
        Count += count;
    }

    public void Ended(long samples, string reason)
    {
        _text.AppendLine($"{_data.Length} bytes, end {samples} {reason}");
        Ends.Add(PandAEnd.Of(samples, reason));
    }

    public void Fault(string reason) => Faults.Add(reason);

    /// <summary>The column COUNTER1.OUT Value of all samples.</summary>
    public double[] Counter()
    {
        var at = 0;
        var field = Last!.Fields.FirstOrDefault(f => f.Name == "COUNTER1.OUT");
        if (field is null)
            return [];
        foreach (var before in Last.Fields.TakeWhile(f => f != field))
            at += before.Bytes;
        var data = _data.ToArray();
        var values = new double[Count];
        for (var i = 0; i < values.Length; i++)
        {
            var sample = data.AsSpan(i * Last.SampleBytes + at);
            values[i] = field.Type == PandAFieldType.Double
                ? BinaryPrimitives.ReadDoubleLittleEndian(sample)
                : BinaryPrimitives.ReadInt32LittleEndian(sample);
        }
        return values;
    }
}
