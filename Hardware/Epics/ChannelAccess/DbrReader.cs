using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>Reads payloads of values. Nothing in the bytes makes it throw.</summary>
internal static class DbrReader
{
    /// <summary>Reads a payload; null where the bytes do not hold what type and count say.</summary>
    public static DbrData? Read(ushort type, uint count, ReadOnlySpan<byte> data)
    {
        if (!Dbr.IsKnown(type))
            return null;
        var (kind, offset, element) = (Dbr.KindOf(type), Dbr.OffsetOf(type), Dbr.ElementOf(type));
        // The last of several strings may be cut after its zero.
        var least = kind == Dbr.String && count > 0 ? offset + (count - 1) * (long)element + 1 : Dbr.LengthOf(type, count);
        if (data.Length < least || data.Length < offset)
            return null;
        var values = data[offset..];
        var form = Dbr.FormOf(type);
        var choices = kind == Dbr.Enum && form >= DbrForm.Graphic ? ReadChoices(data) : [];
        var value = Value(kind, (int)count, values, choices);
        if (type == Dbr.StatusAckString)
            return new DbrData(value) { Alarm = ReadAlarm(data) };
        return form switch
        {
            DbrForm.Plain => new DbrData(value),
            DbrForm.Status => new DbrData(value) { Alarm = ReadAlarm(data) },
            DbrForm.Time => new DbrData(value) { Alarm = ReadAlarm(data), StampNs = ReadStamp(data) },
            _ => ReadMetadata(kind, form, data, value, choices),
        };
    }

    private static PvAlarm ReadAlarm(ReadOnlySpan<byte> data) => new(
        BinaryPrimitives.ReadInt16BigEndian(data), (PvSeverity)BinaryPrimitives.ReadInt16BigEndian(data[2..]));

    private static long? ReadStamp(ReadOnlySpan<byte> data)
    {
        var seconds = BinaryPrimitives.ReadUInt32BigEndian(data[4..]);
        var nanoseconds = BinaryPrimitives.ReadUInt32BigEndian(data[8..]);
        return seconds == 0 && nanoseconds == 0 ? null : (seconds + Dbr.EpochSeconds) * 1_000_000_000 + nanoseconds;
    }

    private static EquatableArray<string> ReadChoices(ReadOnlySpan<byte> data)
    {
        var count = Math.Clamp((int)BinaryPrimitives.ReadInt16BigEndian(data[4..]), 0, Dbr.MostChoices);
        var choices = new string[count];
        for (var i = 0; i < count; i++)
            choices[i] = EpicsText.Read(data.Slice(6 + i * Dbr.ChoiceLength, Dbr.ChoiceLength));
        return choices.ToEquatableArray();
    }

    private static DbrData ReadMetadata(
        ushort kind, DbrForm form, ReadOnlySpan<byte> data, PvValue value, EquatableArray<string> choices)
    {
        var alarm = ReadAlarm(data);
        var metadata = new PvMetadata(value, alarm) { Choices = choices };
        if (kind is Dbr.String or Dbr.Enum)
            return new DbrData(value) { Alarm = alarm, Metadata = metadata };
        var at = 4;
        if (kind is Dbr.Float or Dbr.Double)
        {
            metadata = metadata with { Precision = BinaryPrimitives.ReadInt16BigEndian(data[at..]) };
            at += 4;
        }
        metadata = metadata with { Units = EpicsText.Read(data.Slice(at, Dbr.UnitsLength)) };
        at += Dbr.UnitsLength;
        var limits = new double[8];
        var stated = form == DbrForm.Control ? 8 : 6;
        for (var i = 0; i < 8; i++)
            limits[i] = i < stated ? Limit(kind, data[(at + i * Dbr.ElementOf(kind))..]) : double.NaN;
        metadata = metadata with
        {
            Display = new PvRange(limits[1], limits[0]),
            AlarmLimits = new PvRange(limits[5], limits[2]),
            WarningLimits = new PvRange(limits[4], limits[3]),
            Control = new PvRange(limits[7], limits[6]),
        };
        return new DbrData(value) { Alarm = alarm, Metadata = metadata };
    }

    private static double Limit(ushort kind, ReadOnlySpan<byte> data) => kind switch
    {
        Dbr.Short => BinaryPrimitives.ReadInt16BigEndian(data),
        Dbr.Float => BinaryPrimitives.ReadSingleBigEndian(data),
        Dbr.Char => data[0],
        Dbr.Long => BinaryPrimitives.ReadInt32BigEndian(data),
        _ => BinaryPrimitives.ReadDoubleBigEndian(data),
    };

    private static PvValue Value(ushort kind, int count, ReadOnlySpan<byte> data, EquatableArray<string> choices)
    {
        if (count == 1)
            return Scalar(kind, data, choices);
        return kind switch
        {
            Dbr.String => new PvValue.Array<string>(Strings(count, data)),
            Dbr.Char => new PvValue.Array<byte>(data[..count].ToArray()),
            Dbr.Short => new PvValue.Array<short>(Shorts<short>(count, data)),
            Dbr.Enum => new PvValue.Array<ushort>(Shorts<ushort>(count, data)),
            Dbr.Long => new PvValue.Array<int>(Words<int>(count, data)),
            Dbr.Float => new PvValue.Array<float>(Words<float>(count, data)),
            _ => new PvValue.Array<double>(Doubles(count, data)),
        };
    }

    private static PvValue Scalar(ushort kind, ReadOnlySpan<byte> data, EquatableArray<string> choices)
    {
        switch (kind)
        {
            case Dbr.String:
                return new PvValue.Text(EpicsText.Read(data[..Math.Min(data.Length, Dbr.StringLength)]));
            case Dbr.Short:
                return new PvValue.Integer(BinaryPrimitives.ReadInt16BigEndian(data));
            case Dbr.Char:
                return new PvValue.Integer(data[0]);
            case Dbr.Long:
                return new PvValue.Integer(BinaryPrimitives.ReadInt32BigEndian(data));
            case Dbr.Enum:
                var index = BinaryPrimitives.ReadUInt16BigEndian(data);
                return new PvValue.Choice(index, index < choices.Count ? choices[index] : null);
            case Dbr.Float:
                return new PvValue.Number(BinaryPrimitives.ReadSingleBigEndian(data));
            default:
                return new PvValue.Number(BinaryPrimitives.ReadDoubleBigEndian(data));
        }
    }

    private static string[] Strings(int count, ReadOnlySpan<byte> data)
    {
        var texts = new string[count];
        for (var i = 0; i < count; i++)
        {
            var from = i * Dbr.StringLength;
            texts[i] = EpicsText.Read(data[from..Math.Min(data.Length, from + Dbr.StringLength)]);
        }
        return texts;
    }

    private static T[] Shorts<T>(int count, ReadOnlySpan<byte> data)
        where T : unmanaged
    {
        var items = new T[count];
        BinaryPrimitives.ReverseEndianness(
            MemoryMarshal.Cast<byte, short>(data[..(2 * count)]), MemoryMarshal.Cast<T, short>(items.AsSpan()));
        return items;
    }

    private static T[] Words<T>(int count, ReadOnlySpan<byte> data)
        where T : unmanaged
    {
        var items = new T[count];
        BinaryPrimitives.ReverseEndianness(
            MemoryMarshal.Cast<byte, int>(data[..(4 * count)]), MemoryMarshal.Cast<T, int>(items.AsSpan()));
        return items;
    }

    private static double[] Doubles(int count, ReadOnlySpan<byte> data)
    {
        var items = new double[count];
        BinaryPrimitives.ReverseEndianness(
            MemoryMarshal.Cast<byte, long>(data[..(8 * count)]), MemoryMarshal.Cast<double, long>(items.AsSpan()));
        return items;
    }
}
