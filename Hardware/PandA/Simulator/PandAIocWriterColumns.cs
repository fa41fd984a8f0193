using System.Runtime.InteropServices;
using Flyscan.Hardware.Capture;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Capture;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>What an IOC makes of the columns of a capture: datasets, and how raw samples become their values.</summary>
/// <remarks>All of a header's columns, that of the gate's duration included which means bring with them. Values with a scale or an offset
/// are doubles, raw × scale + offset, of differences and sums too; means are over the gate; others are as the box sends them.</remarks>
internal sealed record PandAIocWriterColumns(EquatableArray<DatasetSpec> Datasets, SampleReader[] Readers)
{
    private const int ChunkFrames = 1024;
    private static readonly string[] Gates = ["PCAP.GATE_DURATION", "PCAP.SAMPLES"];

    /// <param name="nameOf">The dataset of a field and what is captured of it; null: it has none of its own.</param>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming a dataset that two columns have, or a mean without its gate.</remarks>
    public static PandAIocWriterColumns Of(PandADataHeader header, Func<string, string, string?> nameOf)
    {
        var (datasets, readers) = (new List<DatasetSpec>(), new List<SampleReader>());
        var at = 0;
        foreach (var field in header.Fields)
        {
            var (type, reader) = Column(field, at, header);
            var name = nameOf(field.Name, field.Capture) ?? $"{field.Name}.{field.Capture}";
            if (datasets.Any(d => d.Path == $"/{name}"))
                throw new IOException($"two captured fields are to be written to the dataset {name}: give one of them another DATASET");
            datasets.Add(new DatasetSpec($"/{name}", type, [], ChunkFrames));
            readers.Add(reader);
            at += field.Bytes;
        }
        return new PandAIocWriterColumns(datasets.ToEquatableArray(), [.. readers]);
    }

    private static (string Type, SampleReader Reader) Column(PandADataField field, int at, PandADataHeader header)
    {
        var isScaled = field.HasScale && (field.Scale != 1 || field.Offset != 0);
        return field.Capture switch
        {
            "Mean" => ("<f8", ColumnReaders.Mean(at, GateAt(header), field.Scale, field.Offset)),
            "StdDev" => ("<f8", ColumnReaders.StdDev(at, Find(header, field.Name, "Mean"), GateAt(header), field.Scale)),
            _ => field.Type switch
            {
                PandAFieldType.Int32 when isScaled => ("<f8", ColumnReaders.Scaled32(at, field.Scale, field.Offset)),
                PandAFieldType.Int64 when isScaled => ("<f8", ColumnReaders.Scaled64(at, field.Scale, field.Offset)),
                PandAFieldType.UInt32 => ("<u4", ColumnReaders.Words(at)),
                PandAFieldType.Int32 => ("<i4", ColumnReaders.Words(at)),
                PandAFieldType.Int64 => ("<i8", Longs(at)),
                PandAFieldType.Double => ("<f8", Longs(at)),
                _ => throw new IOException($"{field.Name} {field.Capture} has type {field.Type}, which no dataset holds"),
            },
        };
    }

    private static int GateAt(PandADataHeader header) =>
        header.Fields.FirstOrDefault(f => Gates.Contains(f.Name)) is { } gate
            ? Find(header, gate.Name, gate.Capture)
            : throw new IOException($"a mean is captured without {Gates[0]}");

    private static int Find(PandADataHeader header, string name, string capture)
    {
        var at = 0;
        foreach (var field in header.Fields)
        {
            if (field.Name == name && field.Capture == capture)
                return at;
            at += field.Bytes;
        }
        throw new IOException($"the capture has no {name} {capture}");
    }

    /// <summary>Words of 64 bits as they are.</summary>
    private static SampleReader Longs(int at) => (samples, stride, count, _, into) =>
    {
        var values = MemoryMarshal.Cast<byte, long>(into);
        for (var i = 0; i < count; i++)
            values[i] = MemoryMarshal.Read<long>(samples[(i * stride + at)..]);
    };
}
