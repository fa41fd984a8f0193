using System.Buffers.Binary;
using System.Globalization;

namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>Writes payloads of values, converting to the type asked for as a record would.</summary>
internal static class DbrWriter
{
    /// <summary>The payload of a value for a request to write it: type, count, bytes; null where it cannot be said in Channel
    /// Access.</summary>
    /// <param name="native">The channel's type: a text for a character waveform goes as characters with a zero behind.</param>
    public static (ushort Type, uint Count, byte[] Data)? ForPut(PvValue value, ushort native, int most)
    {
        switch (value)
        {
            case PvValue.Text t when native == Dbr.Char && most > 1:
                var text = EpicsText.Bytes(t.Value);
                return text.Length < most ? (Dbr.Char, (uint)text.Length + 1, [.. text, 0]) : null;
            case PvValue.Text t:
                return Text(t.Value);
            case PvValue.Choice { Name: { } name }:
                return Text(name);
            case PvValue.Choice c:
                return Of(Dbr.Enum, value, c.Index is >= 0 and <= ushort.MaxValue);
            case PvValue.Integer i:
                return i.Value is >= int.MinValue and <= int.MaxValue ? Of(Dbr.Long, value, true) : Of(Dbr.Double, value, true);
            case PvValue.Number:
                return Of(Dbr.Double, value, true);
            default:
                return KindOf(value) is { } kind ? Of(kind, value, value.Count > 0 && value.Count <= most) : null;
        }
    }

    /// <summary>The kind of value that carries an array without loss; null for none.</summary>
    public static ushort? KindOf(PvValue value) => value switch
    {
        PvValue.Array<byte> => Dbr.Char,
        PvValue.Array<short> => Dbr.Short,
        PvValue.Array<ushort> => Dbr.Enum,
        PvValue.Array<int> => Dbr.Long,
        PvValue.Array<float> => Dbr.Float,
        PvValue.Array<double> or PvValue.Array<long> => Dbr.Double,
        PvValue.Array<string> => Dbr.String,
        _ => null,
    };

    /// <summary>Writes count values in a type's form; false where the value cannot be converted.</summary>
    /// <remarks>Elements beyond the value's own are zero.</remarks>
    public static bool Write(Span<byte> to, ushort type, int count, DbrData data, PvMetadata? metadata)
    {
        var form = Dbr.FormOf(type);
        if (form != DbrForm.Plain || type == Dbr.StatusAckString)
        {
            BinaryPrimitives.WriteInt16BigEndian(to, (short)data.Alarm.Status);
            BinaryPrimitives.WriteInt16BigEndian(to[2..], (short)data.Alarm.Severity);
        }
        if (form == DbrForm.Time)
            WriteStamp(to[4..], data.StampNs);
        if (form >= DbrForm.Graphic)
            WriteMetadata(to[4..], Dbr.KindOf(type), form, metadata);
        return WriteValues(to[Dbr.OffsetOf(type)..], Dbr.KindOf(type), count, data.Value, metadata);
    }

    private static (ushort, uint, byte[])? Text(string text)
    {
        var bytes = EpicsText.Bytes(text);
        return bytes.Length < Dbr.StringLength ? (Dbr.String, 1, [.. bytes, 0]) : null;
    }

    private static (ushort, uint, byte[])? Of(ushort kind, PvValue value, bool fits)
    {
        if (!fits)
            return null;
        var bytes = new byte[Dbr.LengthOf(kind, value.Count)];
        return WriteValues(bytes, kind, value.Count, value, null) ? (kind, (uint)value.Count, bytes) : null;
    }

    private static void WriteStamp(Span<byte> to, long? stampNs)
    {
        // What is older than the servers' epoch cannot be said: it goes as never processed.
        if (stampNs is not { } ns || ns < Dbr.EpochSeconds * 1_000_000_000)
            return;
        BinaryPrimitives.WriteUInt32BigEndian(to, (uint)(ns / 1_000_000_000 - Dbr.EpochSeconds));
        BinaryPrimitives.WriteUInt32BigEndian(to[4..], (uint)(ns % 1_000_000_000));
    }

    private static void WriteMetadata(Span<byte> to, ushort kind, DbrForm form, PvMetadata? metadata)
    {
        if (metadata is null || kind == Dbr.String)
            return;
        if (kind == Dbr.Enum)
        {
            var choices = Math.Min(metadata.Choices.Count, Dbr.MostChoices);
            BinaryPrimitives.WriteInt16BigEndian(to, (short)choices);
            for (var i = 0; i < choices; i++)
                EpicsText.Write(metadata.Choices[i], to.Slice(2 + i * Dbr.ChoiceLength, Dbr.ChoiceLength));
            return;
        }
        if (kind is Dbr.Float or Dbr.Double)
        {
            BinaryPrimitives.WriteInt16BigEndian(to, (short)(metadata.Precision ?? 0));
            to = to[4..];
        }
        EpicsText.Write(metadata.Units, to[..Dbr.UnitsLength]);
        to = to[Dbr.UnitsLength..];
        double[] limits =
        [
            metadata.Display.High, metadata.Display.Low, metadata.AlarmLimits.High, metadata.WarningLimits.High,
            metadata.WarningLimits.Low, metadata.AlarmLimits.Low, metadata.Control.High, metadata.Control.Low,
        ];
        var element = Dbr.ElementOf(kind);
        for (var i = 0; i < (form == DbrForm.Control ? 8 : 6); i++)
            WriteNumber(to[(i * element)..], kind, kind is Dbr.Float or Dbr.Double || !double.IsNaN(limits[i]) ? limits[i] : 0);
    }

    private static bool WriteValues(Span<byte> to, ushort kind, int count, PvValue value, PvMetadata? metadata)
    {
        if (kind == Dbr.String)
            return WriteTexts(to, count, value, metadata);
        if (value is PvValue.Array<byte> bytes && kind == Dbr.Char)
        {
            bytes.Items.AsSpan()[..Math.Min(count, bytes.Items.Length)].CopyTo(to);
            return true;
        }
        if (count == 1)
        {
            var number = value.AsNumber();
            if (double.IsNaN(number) && value is PvValue.Text)
                return false;
            WriteNumber(to, kind, number);
            return true;
        }
        var numbers = value.AsNumbers();
        for (var i = 0; i < Math.Min(count, numbers.Length); i++)
            WriteNumber(to[(i * Dbr.ElementOf(kind))..], kind, numbers[i]);
        return true;
    }

    private static bool WriteTexts(Span<byte> to, int count, PvValue value, PvMetadata? metadata)
    {
        for (var i = 0; i < Math.Min(count, value.Count); i++)
            EpicsText.Write(TextOf(value, i, metadata), to.Slice(i * Dbr.StringLength, Math.Min(Dbr.StringLength, to.Length)));
        return true;
    }

    private static string TextOf(PvValue value, int index, PvMetadata? metadata) => value switch
    {
        PvValue.Array<string> texts => texts.Items[index],
        PvValue.Array<byte> when value.Count > 1 && index == 0 => value.AsText(),
        PvValue.Number n when metadata?.Precision is { } decimals =>
            n.Value.ToString($"F{Math.Clamp(decimals, 0, 15)}", CultureInfo.InvariantCulture),
        PvValue.Choice { Name: null } c when metadata is not null && c.Index < metadata.Choices.Count => metadata.Choices[c.Index],
        _ when value.Count == 1 => value.AsText(),
        _ => value.AsNumbers()[index].ToString("G15", CultureInfo.InvariantCulture),
    };

    private static void WriteNumber(Span<byte> to, ushort kind, double number)
    {
        switch (kind)
        {
            case Dbr.Short:
                BinaryPrimitives.WriteInt16BigEndian(to, unchecked((short)Whole(number)));
                break;
            case Dbr.Enum:
                BinaryPrimitives.WriteUInt16BigEndian(to, unchecked((ushort)Whole(number)));
                break;
            case Dbr.Char:
                to[0] = unchecked((byte)Whole(number));
                break;
            case Dbr.Long:
                BinaryPrimitives.WriteInt32BigEndian(to, unchecked((int)Whole(number)));
                break;
            case Dbr.Float:
                BinaryPrimitives.WriteSingleBigEndian(to, (float)number);
                break;
            default:
                BinaryPrimitives.WriteDoubleBigEndian(to, number);
                break;
        }
    }

    private static long Whole(double number) => double.IsNaN(number) ? 0 : (long)Math.Clamp(number, long.MinValue, long.MaxValue);
}
