namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>Values on the wire: whole ones, and only those fields of a structure that a bit set names.</summary>
/// <remarks>Both need the numbering of types, which a variant union may use.</remarks>
internal static class PvaData
{
    /// <summary>Reads a value; when the reader fails it is of the type, and means nothing.</summary>
    /// <remarks>Most of a structure is the same each time it comes: what is as it was before is not made again.</remarks>
    public static PvaValue Read(ref PvaReader r, PvaType type, PvaTypeCache cache, PvaValue? before = null)
    {
        if (!r.Spend())
            return PvaValue.Any.Nothing;
        return type switch
        {
            PvaType.Scalar s => ReadScalar(ref r, s.Kind, before),
            PvaType.BoundedText => r.Text(before),
            PvaType.ScalarArray a => PvaArrays.Read(ref r, a, before),
            PvaType.Structure s => ReadStructure(ref r, s, cache, before),
            PvaType.StructureArray a => ReadStructures(ref r, a, cache),
            PvaType.Union u => ReadUnion(ref r, u, cache),
            PvaType.UnionArray a => ReadUnions(ref r, a, cache),
            PvaType.Any => ReadAny(ref r, cache),
            PvaType.AnyArray => ReadAnys(ref r, cache),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>Reads the fields that the bits name; the others are those of before, or zero.</summary>
    public static PvaValue.Structure ReadChanged(
        ref PvaReader r, PvaBits bits, PvaValue.Structure before, PvaTypeCache cache, int bit = 0)
    {
        if (bits[bit])
            return ReadStructure(ref r, before.Type, cache, before);
        var members = before.Type.Members.AsSpan();
        var fields = (PvaValue[])before.Fields.Clone();
        bit++;
        for (var i = 0; i < fields.Length && !r.Failed; i++)
        {
            var type = members[i].Type;
            if (type is PvaType.Structure && fields[i] is PvaValue.Structure inner)
            {
                if (bits.AnyOf(bit, bit + type.Bits))
                    fields[i] = ReadChanged(ref r, bits, inner, cache, bit);
            }
            else if (bits[bit])
            {
                fields[i] = Read(ref r, type, cache, fields[i]);
            }
            bit += type.Bits;
        }
        return new PvaValue.Structure(before.Type, fields);
    }

    /// <summary>A description and the value behind it.</summary>
    public static PvaValue.Any ReadAny(ref PvaReader r, PvaTypeCache cache)
    {
        if (!r.Enter() || cache.Read(ref r) is not { } type)
        {
            r.Leave();
            return PvaValue.Any.Nothing;
        }
        var any = new PvaValue.Any(type, Read(ref r, type, cache));
        r.Leave();
        return any;
    }

    public static void Write(PvaWriter to, PvaType type, PvaValue value, PvaTypeIds ids)
    {
        switch (type)
        {
            case PvaType.Scalar s:
                WriteScalar(to, s.Kind, value);
                break;
            case PvaType.BoundedText:
                to.Text(((PvaValue.Text)value).Value);
                break;
            case PvaType.ScalarArray a:
                PvaArrays.Write(to, a, value);
                break;
            case PvaType.Structure s:
                var fields = ((PvaValue.Structure)value).Fields;
                for (var i = 0; i < fields.Length; i++)
                    Write(to, s.Members[i].Type, fields[i], ids);
                break;
            case PvaType.StructureArray a:
                WriteItems(to, ((PvaValue.StructureArray)value).Items, a.Element, ids);
                break;
            case PvaType.Union u:
                WriteUnion(to, u, (PvaValue.Union)value, ids);
                break;
            case PvaType.UnionArray a:
                WriteItems(to, ((PvaValue.UnionArray)value).Items, a.Element, ids);
                break;
            case PvaType.Any:
                WriteAny(to, (PvaValue.Any)value, ids);
                break;
            case PvaType.AnyArray:
                WriteItems(to, ((PvaValue.AnyArray)value).Items, PvaType.Any.Instance, ids);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>Writes the fields that the bits name.</summary>
    public static void WriteChanged(PvaWriter to, PvaBits bits, PvaValue.Structure value, PvaTypeIds ids, int bit = 0)
    {
        if (bits[bit])
        {
            Write(to, value.Type, value, ids);
            return;
        }
        bit++;
        for (var i = 0; i < value.Fields.Length; i++)
        {
            var type = value.Type.Members[i].Type;
            if (value.Fields[i] is PvaValue.Structure inner)
            {
                if (bits.AnyOf(bit, bit + type.Bits))
                    WriteChanged(to, bits, inner, ids, bit);
            }
            else if (bits[bit])
            {
                Write(to, type, value.Fields[i], ids);
            }
            bit += type.Bits;
        }
    }

    /// <summary>A description and the value behind it.</summary>
    public static void WriteAny(PvaWriter to, PvaValue.Any any, PvaTypeIds ids)
    {
        ids.Write(to, any.Type);
        if (any.Type is not null)
            Write(to, any.Type, any.Value!, ids);
    }

    private static PvaValue ReadScalar(ref PvaReader r, PvaScalar kind, PvaValue? before) => kind switch
    {
        PvaScalar.Boolean => PvaValue.Flag.Of(r.Byte() != 0),
        PvaScalar.Int8 => Whole((sbyte)r.Byte(), before),
        PvaScalar.UInt8 => Whole(r.Byte(), before),
        PvaScalar.Int16 => Whole((short)r.UInt16(), before),
        PvaScalar.UInt16 => Whole(r.UInt16(), before),
        PvaScalar.Int32 => Whole((int)r.UInt32(), before),
        PvaScalar.UInt32 => Whole(r.UInt32(), before),
        PvaScalar.Int64 or PvaScalar.UInt64 => Whole((long)r.UInt64(), before),
        PvaScalar.Float32 => Number(BitConverter.UInt32BitsToSingle(r.UInt32()), before),
        PvaScalar.Float64 => Number(BitConverter.UInt64BitsToDouble(r.UInt64()), before),
        _ => r.Text(before),
    };

    private static PvaValue.Whole Whole(long value, PvaValue? before) =>
        before is PvaValue.Whole known && known.Value == value ? known
        : value == 0 ? PvaValue.Whole.Zero
        : new PvaValue.Whole(value);

    private static PvaValue.Number Number(double value, PvaValue? before)
    {
        // By their bits: zero has two signs, and what is no number is not equal to itself.
        var bits = BitConverter.DoubleToInt64Bits(value);
        return before is PvaValue.Number known && BitConverter.DoubleToInt64Bits(known.Value) == bits ? known
            : bits == 0 ? PvaValue.Number.Zero
            : new PvaValue.Number(value);
    }

    private static void WriteScalar(PvaWriter to, PvaScalar kind, PvaValue value)
    {
        switch (kind)
        {
            case PvaScalar.Boolean:
                to.Byte(((PvaValue.Flag)value).Value ? (byte)1 : (byte)0);
                break;
            case PvaScalar.Text:
                to.Text(((PvaValue.Text)value).Value);
                break;
            case PvaScalar.Float32:
                to.UInt32(BitConverter.SingleToUInt32Bits((float)((PvaValue.Number)value).Value));
                break;
            case PvaScalar.Float64:
                to.UInt64(BitConverter.DoubleToUInt64Bits(((PvaValue.Number)value).Value));
                break;
            case PvaScalar.Int8 or PvaScalar.UInt8:
                to.Byte((byte)((PvaValue.Whole)value).Value);
                break;
            case PvaScalar.Int16 or PvaScalar.UInt16:
                to.UInt16((ushort)((PvaValue.Whole)value).Value);
                break;
            case PvaScalar.Int32 or PvaScalar.UInt32:
                to.UInt32((uint)((PvaValue.Whole)value).Value);
                break;
            default:
                to.UInt64((ulong)((PvaValue.Whole)value).Value);
                break;
        }
    }

    private static PvaValue.Structure ReadStructure(
        ref PvaReader r, PvaType.Structure type, PvaTypeCache cache, PvaValue? before = null)
    {
        var known = before is PvaValue.Structure structure && ReferenceEquals(structure.Type, type) ? structure : null;
        var members = type.Members.AsSpan();
        var fields = known is null ? new PvaValue[members.Length] : null;
        for (var i = 0; i < members.Length; i++)
        {
            var was = known?.Fields[i];
            var value = r.Failed ? PvaValue.Any.Nothing : Read(ref r, members[i].Type, cache, was);
            if (fields is null && ReferenceEquals(value, was))
                continue;
            fields ??= (PvaValue[])known!.Fields.Clone();
            fields[i] = value;
        }
        return fields is null ? known! : new PvaValue.Structure(type, fields);
    }

    private static PvaValue.StructureArray ReadStructures(ref PvaReader r, PvaType.StructureArray type, PvaTypeCache cache)
    {
        var items = new PvaValue.Structure?[r.Count(1)];
        for (var i = 0; i < items.Length && r.Spend(); i++)
            items[i] = r.Byte() == 0 ? null : ReadStructure(ref r, type.Element, cache);
        return new PvaValue.StructureArray(items);
    }

    private static PvaValue.Union ReadUnion(ref PvaReader r, PvaType.Union type, PvaTypeCache cache)
    {
        var selector = r.Size();
        if (selector < 0)
            return PvaValue.Union.None;
        if (selector < type.Members.Count)
            return new PvaValue.Union(selector, Read(ref r, type.Members[selector].Type, cache));
        r.Fail();
        return PvaValue.Union.None;
    }

    private static PvaValue.UnionArray ReadUnions(ref PvaReader r, PvaType.UnionArray type, PvaTypeCache cache)
    {
        var items = new PvaValue.Union?[r.Count(1)];
        for (var i = 0; i < items.Length && r.Spend(); i++)
            items[i] = r.Byte() == 0 ? null : ReadUnion(ref r, type.Element, cache);
        return new PvaValue.UnionArray(items);
    }

    private static PvaValue.AnyArray ReadAnys(ref PvaReader r, PvaTypeCache cache)
    {
        var items = new PvaValue.Any?[r.Count(1)];
        for (var i = 0; i < items.Length && r.Spend(); i++)
            items[i] = r.Byte() == 0 ? null : ReadAny(ref r, cache);
        return new PvaValue.AnyArray(items);
    }

    private static void WriteItems(PvaWriter to, IReadOnlyList<PvaValue?> items, PvaType element, PvaTypeIds ids)
    {
        to.Size(items.Count);
        foreach (var item in items)
        {
            to.Byte(item is null ? (byte)0 : (byte)1);
            if (item is not null)
                Write(to, element, item, ids);
        }
    }

    private static void WriteUnion(PvaWriter to, PvaType.Union type, PvaValue.Union union, PvaTypeIds ids)
    {
        to.Size(union.Selector);
        if (union.Selector >= 0)
            Write(to, type.Members[union.Selector].Type, union.Value!, ids);
    }
}
